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
	selectClients = right{"SELECT", "tblclients", []string{"id", "email", "status", "groupid", "emailoptout"}}
	selectOptIn   = right{"SELECT", "tblclients", []string{"marketing_emails_opt_in"}}
	selectUpdated = right{"SELECT", "tblclients", []string{"updated_at"}}
	selectFields  = right{"SELECT", "tblcustomfields", []string{"id", "type"}}
	selectValues  = right{"SELECT", "tblcustomfieldsvalues", []string{"id", "fieldid", "relid", "value"}}
	selectHosting = right{"SELECT", "tblhosting", []string{"userid", "packageid", "domainstatus"}}
	selectVersion = right{"SELECT", "tblconfiguration", []string{"setting", "value"}}
	updateOptOut  = right{"UPDATE", "tblclients", []string{"emailoptout"}}
	updateBoth    = right{"UPDATE", "tblclients", []string{"emailoptout", "marketing_emails_opt_in"}}
	insertLog     = right{"INSERT", "tblactivitylog", nil}
	insertConsent = right{"INSERT", "tblmarketing_consent", nil}
)

// grant is the statement that gives the right. The host part of the user's name is the administrator's to fill in.
func (d *DB) grant(r right) string {
	verb := r.verb
	if len(r.columns) > 0 {
		verb += " (" + strings.Join(r.columns, ", ") + ")"
	}
	return fmt.Sprintf("GRANT %s ON `%s`.`%s` TO '%s'@'<host>'", verb, d.schema, r.table, d.user)
}
