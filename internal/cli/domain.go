package cli

import (
	"cmp"
	"context"

	"github.com/whmcsync/whmcsync/internal/app"
)

// showDomain prints what both sides say of a domain and returns the ids of its rows.
func (e *env) showDomain(ctx context.Context, a *app.App, sync, domain string) ([]int64, error) {
	sides, err := a.LookAtDomain(ctx, sync, domain)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(sides))
	for i, one := range sides {
		ids[i] = one.ID
		if e.json {
			if err := e.printJSON(one); err != nil {
				return nil, err
			}
			continue
		}
		e.printSides(one)
	}
	return ids, nil
}

func (e *env) printSides(d app.DomainSides) {
	t := newTable(e.out, "", "WHMCS", "registrar")
	titled(t, "%s (domain %d)", d.Name, d.ID)
	out := app.DomainOutside{Status: "not there"}
	if d.Registrar != nil {
		out = *d.Registrar
	}
	status := out.Status
	if out.Raw != "" {
		status += " (" + out.Raw + ")"
	}
	for _, row := range [][3]string{
		{"status", d.WHMCS.Status, status},
		{"expiry", d.WHMCS.Expiry, cmp.Or(out.Renewal, out.Expiration, out.Registry)},
		{"next due", d.WHMCS.NextDue, ""},
		{"next invoice", d.WHMCS.NextInvoice, ""},
		{"auto-renew", d.WHMCS.AutoRenew, out.AutoRenew},
		{"ID protection", d.WHMCS.IDProtection, out.IDProtection},
	} {
		t.AppendRow([]any{row[0], cmp.Or(row[1], "-"), cmp.Or(row[2], "-")})
	}
	t.Render()
}
