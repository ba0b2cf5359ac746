package wire

import "encoding/json"

// Domain is one row. Rows also hold two auth codes, which have no field here on purpose.
type Domain struct {
	ID                  Int   `json:"id"`
	Name                Parts `json:"domain"`
	Type                Text  `json:"type"` // NEW, TRANSFER, TRADE
	Status              Text  `json:"status"`
	AutoRenew           Text  `json:"autorenew"` // on, off, default
	PrivateWhois        Flag  `json:"is_private_whois_enabled"`
	PrivateWhoisAllowed Flag  `json:"is_private_whois_allowed"`
	Renewal             Text  `json:"renewal_date"`
	Expiration          Text  `json:"expiration_date"`
	RegistryExpiration  Text  `json:"registry_expiration_date"`
	DeletedAt           Text  `json:"deleted_at"`
	SoftQuarantine      Text  `json:"soft_quarantine_expiry_date"`
	HardQuarantine      Text  `json:"hard_quarantine_expiry_date"`
	RestorableUntil     Text  `json:"restorable_until"`
	QuarantineEnd       Text  `json:"quarantine_expiration_date"`
}

// Parts are a name as Openprovider cuts it. The extension may hold dots.
type Parts struct {
	Name      Text `json:"name"`
	Extension Text `json:"extension"`
}

// Listing is one page of domains, and how many match in all.
type Listing struct {
	Domains []Domain `json:"results"` // null when there are none
	Total   Int      `json:"total"`
}

// Change is the body of PUT /domains/{id}: what is nil stays as it is.
type Change struct {
	AutoRenew    string `json:"autorenew,omitempty"`
	PrivateWhois *bool  `json:"is_private_whois_enabled,omitempty"`
}

// Renewal is the body of POST /domains/{id}/renew.
type Renewal struct {
	Period int `json:"period"` // years
}

// Warning is what the API remarks upon beside a success. It may mean that a part of it failed.
type Warning struct {
	Code Int  `json:"code"`
	Desc Text `json:"desc"`
	Data Text `json:"data"`
}

// Credentials are the body of POST /auth/login. The IP address 0.0.0.0 makes a token that any of our hosts may use.
type Credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
	IP       string `json:"ip"`
}

type settings struct {
	AutoRenew Flag `json:"is_auto_renew_enabled"`
}

type login struct {
	Token string `json:"token"`
}

// envelope is around every answer.
type envelope struct {
	Code        *Int            `json:"code"`
	Desc        Text            `json:"desc"`
	Maintenance Flag            `json:"maintenance"`
	Warnings    []Warning       `json:"warnings"`
	Data        json.RawMessage `json:"data"`
}
