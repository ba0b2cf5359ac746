package sim

import (
	"cmp"
	"net/http"
	"time"
)

// Options shape a Server. Username and Password are required.
type Options struct {
	Username, Password string
	PageCap            int           // rows on a page, whatever limit says; 0 = as limit says
	RatePerSecond      float64       // calls a second before 429; 0 = any number
	Burst              int           // calls at once before 429; default one second's worth
	Latency            time.Duration // added to each call

	Identical    int           // equal calls within 300 s before the address is blocked for good; default 300
	Logins       int           // within 60 s before none is possible for a minute; default 30
	FailedLogins int           // within an hour before none is possible for 20 minutes; default 100
	TokenLife    time.Duration // default 48h
	RefusedToken int           // HTTP status of code 196; default 500
	NoAutoRenew  bool          // the account's default is off
	NoSettings   bool          // there is no call for the account's settings
	Loose        bool          // full_name finds every name that holds it
	IgnoresQueue bool          // queue_status is not known, and overlooked
	Unsorted     bool          // order_by is overlooked; newest first
	Unchanged    int           // code of a PUT that changes nothing; default 0
	RenewDays    int           // before its renewal date a name can be renewed; 0 = any time

	Clock func() time.Time
}

func (o Options) withDefaults() Options {
	o.Identical = cmp.Or(o.Identical, 300)
	o.Logins = cmp.Or(o.Logins, 30)
	o.FailedLogins = cmp.Or(o.FailedLogins, 100)
	o.TokenLife = cmp.Or(o.TokenLife, 48*time.Hour)
	o.RefusedToken = cmp.Or(o.RefusedToken, http.StatusInternalServerError)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}
