package mysql

import (
	"fmt"
	"strings"
)

// right is something the database user must be allowed to do. No columns = the whole table.
type right struct {
	verb    string // SELECT | INSERT | UPDATE
	table   string
	columns []string
}

// The rights that the duties rest on.
var (
	selectClients  = right{"SELECT", "tblclients", []string{"id", "email", "status", "groupid", "emailoptout"}}
	selectOptIn    = right{"SELECT", "tblclients", []string{"marketing_emails_opt_in"}}
	selectUpdated  = right{"SELECT", "tblclients", []string{"updated_at"}}
	selectFields   = right{"SELECT", "tblcustomfields", []string{"id", "type"}}
	selectValues   = right{"SELECT", "tblcustomfieldsvalues", []string{"id", "fieldid", "relid", "value"}}
	selectHosting  = right{"SELECT", "tblhosting", []string{"userid", "packageid", "domainstatus"}}
	selectSettings = right{"SELECT", "tblconfiguration", []string{"setting", "value"}}
	updateOptOut   = right{"UPDATE", "tblclients", []string{"emailoptout"}}
	updateBoth     = right{"UPDATE", "tblclients", []string{"emailoptout", "marketing_emails_opt_in"}}
	insertLog      = right{"INSERT", "tblactivitylog", nil}
	insertConsent  = right{"INSERT", "tblmarketing_consent", nil}

	selectDomains = right{"SELECT", "tbldomains", []string{
		"id", "userid", "domain", "registrar", "status", "type", "registrationperiod", "registrationdate",
		"expirydate", "nextduedate", "nextinvoicedate", "donotrenew", "idprotection",
	}}
	selectTouched  = right{"SELECT", "tbldomains", []string{"updated_at"}}
	selectPremium  = right{"SELECT", "tbldomains", []string{"is_premium"}}
	updateDomain   = right{"UPDATE", "tbldomains", []string{"status", "expirydate", "nextduedate", "nextinvoicedate"}}
	updateSettings = right{"UPDATE", "tbldomains", []string{"donotrenew", "idprotection"}}
	updateTouched  = right{"UPDATE", "tbldomains", []string{"updated_at"}}
	updateSynced   = right{"UPDATE", "tbldomains", []string{"synced"}}
	selectProducts = right{"SELECT", "tblproducts", []string{"id", "gid"}}
	selectInvoices = right{"SELECT", "tblinvoices", []string{"id", "status"}}
	selectItems    = right{"SELECT", "tblinvoiceitems", []string{"id", "invoiceid", "type", "relid", "duedate"}}
	updateItems    = right{"UPDATE", "tblinvoiceitems", []string{"duedate"}}
	selectAdmins   = right{"SELECT", "tbladmins", []string{"id", "roleid", "email", "disabled"}}
	selectRoles    = right{"SELECT", "tbladminroles", []string{"id", "systememails"}}
)

// grant is the statement that gives the right. The host part of the user's name is the administrator's to fill in.
func (d *DB) grant(r right) string {
	verb := r.verb
	if len(r.columns) > 0 {
		verb += " (" + strings.Join(r.columns, ", ") + ")"
	}
	return fmt.Sprintf("GRANT %s ON `%s`.`%s` TO '%s'@'<host>'", verb, d.schema, r.table, d.user)
}

func (d *DB) grants(rights []right) string {
	statements := make([]string, 0, len(rights))
	for _, r := range rights {
		statements = append(statements, d.grant(r))
	}
	return strings.Join(statements, "; ")
}
