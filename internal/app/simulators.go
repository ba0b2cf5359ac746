package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	mailrelay "github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	logicboxes "github.com/whmcsync/whmcsync/internal/registrar/logicboxes/sim"
	namecheap "github.com/whmcsync/whmcsync/internal/registrar/namecheap/sim"
	openprovider "github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	opensrs "github.com/whmcsync/whmcsync/internal/registrar/opensrs/sim"
	rdap "github.com/whmcsync/whmcsync/internal/registrar/rdap/sim"
	realtimeregister "github.com/whmcsync/whmcsync/internal/registrar/realtimeregister/sim"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

// Simulator is a vendor's server on this machine.
type Simulator interface {
	Start(listen string) error
	URL() string      // base_url of an account
	AdminURL() string // of its controls
	Close() error
}

// SimulatorOptions shape a simulator.
type SimulatorOptions struct {
	Listen        string
	APIKey        string // key, or password, that it accepts
	Latency       time.Duration
	RatePerSecond float64
	PageCap       int // 0 = the vendor's own
}

// simulatedUser is the user name, or number, that simulators accept where the vendor wants one.
const simulatedUser = "100200"

// simulators makes the simulator of each type of account.
var simulators = map[string]func(o SimulatorOptions) Simulator{
	"mailrelay": func(o SimulatorOptions) Simulator {
		return mailrelay.New(mailrelay.Options{APIKey: o.APIKey, Latency: o.Latency, RatePerSecond: o.RatePerSecond, PageCap: o.PageCap})
	},
	"openprovider": func(o SimulatorOptions) Simulator {
		return openprovider.New(openprovider.Options{Username: simulatedUser, Password: o.APIKey, Latency: o.Latency, RatePerSecond: o.RatePerSecond, PageCap: o.PageCap})
	},
	"logicboxes": func(o SimulatorOptions) Simulator {
		return logicboxes.New(logicboxes.Options{UserID: simulatedUser, Key: o.APIKey, Latency: o.Latency, RatePerSecond: o.RatePerSecond, PageCap: o.PageCap})
	},
	"opensrs": func(o SimulatorOptions) Simulator {
		return opensrs.New(opensrs.Options{Username: simulatedUser, Key: o.APIKey, Latency: o.Latency, RatePerSecond: o.RatePerSecond, PageCap: o.PageCap})
	},
	"namecheap": func(o SimulatorOptions) Simulator {
		return namecheap.New(namecheap.Options{
			Options: o.kit(), APIUser: simulatedUser, APIKey: o.APIKey, ClientIP: "127.0.0.1",
		})
	},
	"realtimeregister": func(o SimulatorOptions) Simulator {
		return realtimeregister.New(realtimeregister.Options{Options: o.kit(), APIKey: o.APIKey})
	},
	"rdap": func(o SimulatorOptions) Simulator { return rdap.New(rdap.Options{Options: o.kit()}) },
}

func (o SimulatorOptions) kit() simkit.Options {
	return simkit.Options{Latency: o.Latency, RatePerSecond: o.RatePerSecond, PageCap: o.PageCap}
}

// Simulators are the types of account that can be simulated.
func Simulators() []string { return slices.Sorted(maps.Keys(simulators)) }

// StartSimulator starts the simulator of a type of account and returns the account's settings that reach it, beside its type.
func StartSimulator(kind string, o SimulatorOptions) (Simulator, map[string]string, error) {
	simulate, ok := simulators[kind]
	if !ok {
		return nil, nil, fmt.Errorf("there is no simulator of %q, only of %s", kind, strings.Join(Simulators(), ", "))
	}
	made := simulate(o)
	if err := made.Start(o.Listen); err != nil {
		return nil, nil, err
	}
	settings := map[string]string{"base_url": made.URL()}
	switch kind {
	case "mailrelay", "realtimeregister":
		settings["api_key"] = o.APIKey
	case "openprovider":
		settings["username"], settings["password"] = simulatedUser, o.APIKey
	case "namecheap":
		settings["client_ip"] = "127.0.0.1"
		fallthrough
	case "logicboxes", "opensrs":
		settings["username"], settings["api_key"] = simulatedUser, o.APIKey
	}
	return made, settings, nil
}
