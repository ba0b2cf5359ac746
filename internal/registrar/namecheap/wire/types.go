package wire

import "encoding/xml"

// Paging is what a list says of itself.
type Paging struct {
	TotalItems int `xml:"TotalItems"`
	PageSize   int `xml:"PageSize"`
}

// Domain is one row of a list. Dates are MM/DD/YYYY.
type Domain struct {
	ID         string `xml:"ID,attr"`
	Name       string `xml:"Name,attr"`
	Expires    string `xml:"Expires,attr"`
	IsExpired  string `xml:"IsExpired,attr"`
	IsLocked   string `xml:"IsLocked,attr"`
	AutoRenew  string `xml:"AutoRenew,attr"`
	WhoisGuard string `xml:"WhoisGuard,attr"` // ENABLED, NOTPRESENT, ...
}

// Info is one domain, looked up. It does not tell whether the name renews by itself.
type Info struct {
	ID      string  `xml:"ID,attr"`
	Name    string  `xml:"DomainName,attr"`
	Status  string  `xml:"Status,attr"` // Ok, Locked, Expired
	IsOwner string  `xml:"IsOwner,attr"`
	Expires string  `xml:"DomainDetails>ExpiredDate"` // MM/DD/YYYY
	Privacy Privacy `xml:"Whoisguard"`
}

// Privacy is the subscription that hides a domain's holder.
type Privacy struct {
	Enabled   string `xml:"Enabled,attr"` // True, False, NotAlloted
	ID        string `xml:"ID"`
	Forwarded Mail   `xml:"EmailDetails"`
}

// Mail is where letters to a hidden holder go.
type Mail struct {
	To string `xml:"ForwardedTo,attr"`
}

// Transfer is one transfer in.
type Transfer struct {
	ID          string `xml:"ID,attr"`
	Name        string `xml:"Domainname,attr"` // spelt so in this answer
	StatusID    string `xml:"StatusID,attr"`
	Status      string `xml:"Status,attr"` // INPROGRESS, WAITINGFOREPP, CANCELLED, COMPLETED
	Description string `xml:"StatusDescription,attr"`
}

// answer is what a call that went well is answered with; a part is nil when it is not there.
type answer struct {
	XMLName xml.Name `xml:"ApiResponse"`
	Result  struct {
		Domains   *domains   `xml:"DomainGetListResult"`
		Info      *Info      `xml:"DomainGetInfoResult"`
		Transfers *transfers `xml:"TransferGetListResult"`
		Enabled   *success   `xml:"WhoisguardEnableResult"`
		Disabled  *success   `xml:"WhoisguardDisableResult"`
		Paging    *Paging    `xml:"Paging"`
	} `xml:"CommandResponse"`
}

// envelope is what tells whether a call went well.
type envelope struct {
	XMLName xml.Name  `xml:"ApiResponse"`
	Status  string    `xml:"Status,attr"` // OK or ERROR
	Errors  []problem `xml:"Errors>Error"`
}

type problem struct {
	Number string `xml:"Number,attr"`
	Text   string `xml:",chardata"`
}

type domains struct {
	Rows []Domain `xml:"Domain"`
}

type transfers struct {
	Rows []Transfer `xml:"Transfer"`
}

type success struct {
	Yes string `xml:"IsSuccess,attr"`
}
