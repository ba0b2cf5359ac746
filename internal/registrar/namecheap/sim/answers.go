package sim

import (
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

type envelope struct {
	XMLName xml.Name `xml:"http://api.namecheap.com/xml.response ApiResponse"`
	Status  string   `xml:"Status,attr"`
	Errors  struct {
		Error []problem
	}
	Warnings string
	Command  string `xml:"RequestedCommand"`
	Response response
	Server   string
	Zone     string `xml:"GMTTimeDifference"`
	Took     string `xml:"ExecutionTime"`
}

type problem struct {
	Number string `xml:",attr"`
	Text   string `xml:",chardata"`
}

type response struct {
	XMLName xml.Name `xml:"CommandResponse"`
	Type    string   `xml:",attr"`
	result
}

type result struct {
	Domains   *domainList   `xml:"DomainGetListResult"`
	Info      *info         `xml:"DomainGetInfoResult"`
	Transfers *transferList `xml:"TransferGetListResult"`
	Enabled   *successful   `xml:"WhoisguardEnableResult"`
	Disabled  *successful   `xml:"WhoisguardDisableResult"`
	Paging    *paging       `xml:"Paging"`
}

type paging struct{ TotalItems, CurrentPage, PageSize int }

type domainList struct{ Domain []domainRow }

type domainRow struct {
	ID         string `xml:",attr"`
	Name       string `xml:",attr"`
	User       string `xml:",attr"`
	Created    string `xml:",attr"`
	Expires    string `xml:",attr"`
	IsExpired  string `xml:",attr"`
	IsLocked   string `xml:",attr"`
	AutoRenew  bool   `xml:",attr"`
	WhoisGuard string `xml:",attr"`
	IsPremium  bool   `xml:",attr"`
	IsOurDNS   bool   `xml:",attr"`
}

// row cannot say a status that nobody knows but in the one word there is.
func row(d *Domain) domainRow {
	expired, known := map[string]string{"ok": "false", "locked": "false", "expired": "true"}[strings.ToLower(d.Status)]
	if !known {
		expired = d.Status
	}
	return domainRow{
		ID: d.ID, Name: d.Name, User: "owner", Created: "02/15/2016", Expires: d.Expires, IsExpired: expired,
		IsLocked: yes(strings.EqualFold(d.Status, "locked")), AutoRenew: d.AutoRenew, WhoisGuard: d.Privacy,
	}
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

type info struct {
	Status     string  `xml:",attr"`
	ID         string  `xml:",attr"`
	DomainName string  `xml:",attr"`
	OwnerName  string  `xml:",attr"`
	IsOwner    bool    `xml:",attr"`
	IsPremium  bool    `xml:",attr"`
	Created    string  `xml:"DomainDetails>CreatedDate"`
	Expires    string  `xml:"DomainDetails>ExpiredDate"`
	Privacy    privacy `xml:"Whoisguard"`
}

type privacy struct {
	Enabled string `xml:",attr"`
	ID      string
	Mail    *mail `xml:"EmailDetails"`
}

type mail struct {
	ForwardedTo string `xml:",attr"`
}

func (s *Server) info(d *Domain) *info {
	i := &info{
		Status: d.Status, ID: d.ID, DomainName: d.Name, OwnerName: s.opt.APIUser, IsOwner: !d.Foreign,
		Created: "02/15/2016", Expires: d.Expires, Privacy: privacy{Enabled: "NotAlloted", ID: "0"},
	}
	if d.Privacy == "ENABLED" || d.Privacy == "DISABLED" {
		i.Privacy = privacy{Enabled: "False", ID: subscription(d)}
	}
	if d.Privacy == "ENABLED" {
		i.Privacy.Enabled = "True"
	}
	if d.ForwardTo != "" {
		i.Privacy.Mail = &mail{d.ForwardTo}
	}
	return i
}

type transferList struct{ Transfer []transferRow }

type transferRow struct {
	ID          string `xml:",attr"`
	Name        string `xml:"Domainname,attr"`
	User        string `xml:",attr"`
	Date        string `xml:"TransferDate,attr"`
	StatusID    string `xml:",attr"`
	Status      string `xml:",attr"`
	StatusDate  string `xml:",attr"`
	Description string `xml:"StatusDescription,attr"`
}

type successful struct {
	Name string `xml:"DomainName,attr"`
	Yes  string `xml:"IsSuccess,attr"`
}

func success(command string, r result) simkit.Answer {
	return written(http.StatusOK, envelope{Status: "OK", Command: command, Response: response{Type: command, result: r}})
}

// refusal is how the API says no: with HTTP 200.
func refusal(number, text string) simkit.Answer {
	e := envelope{Status: "ERROR"}
	e.Errors.Error = []problem{{number, text}}
	return written(http.StatusOK, e)
}

// failure is what stands before the API: its statuses are real ones.
func failure(status int, text string) simkit.Answer {
	a := refusal("5050900", text)
	a.Status = status
	return a
}

func written(status int, e envelope) simkit.Answer {
	e.Server, e.Zone, e.Took = "SIM", "--5:00", "0.008"
	raw, err := xml.Marshal(e)
	if err != nil {
		panic(err)
	}
	return simkit.Answer{Status: status, Body: append([]byte(xml.Header), raw...)}
}
