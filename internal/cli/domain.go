package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/server"
)

// showDomain prints what both sides say of a domain and returns it. As JSON it is printed by whoever settles it.
func (e *env) showDomain(ctx context.Context, a *app.App, sync string, o syncOptions) ([]app.DomainSides, error) {
	sides, err := a.LookAtDomain(ctx, sync, o.domain)
	if fault.Is(err, fault.NotFound) {
		return nil, &usageError{err}
	}
	if err != nil {
		return nil, err
	}
	if e.json && o.dryRun {
		return sides, e.printJSON(map[string]any{"sync": sync, "domains": sides})
	}
	for _, one := range sides {
		if !e.json {
			e.printSides(one)
		}
	}
	return sides, nil
}

// syncDomain shows a domain and, unless that is all that is wanted, has it settled.
func (e *env) syncDomain(ctx context.Context, a *app.App, name string, o syncOptions) error {
	sides, err := e.showDomain(ctx, a, name, o)
	if err != nil || o.dryRun {
		return err
	}
	for _, one := range sides {
		o.records = append(o.records, one.ID)
	}
	return e.syncRecords(ctx, a, name, o, sides)
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
	if d.Transfer != nil {
		t.AppendRow([]any{"transfer in", "-", transferWords(*d.Transfer)})
	}
	t.Render()
}

// transferWords says where a transfer stands, and for how long one that is pending has been seen so.
func transferWords(t app.TransferIn) string {
	text := t.State
	if t.Raw != "" {
		text += " (" + t.Raw + ")"
	}
	if t.Reason != "" {
		text += ": " + t.Reason
	}
	switch {
	case !t.Since.IsZero():
		text += fmt.Sprintf("\nunder way for %s, since %s", server.DaysWords(t.Days), stamp(t.Since))
	case t.Pending():
		text += "\nseen for the first time"
	}
	return text
}
