package clientsync

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Clients is the part of the WHMCS database that a clients sync uses.
type Clients interface {
	Clients(ctx context.Context, have whmcs.Features, need whmcs.Wish, from, to int64) ([]whmcs.Client, error)
	ClientsByIDs(ctx context.Context, have whmcs.Features, need whmcs.Wish, ids []int64) ([]whmcs.Client, error)
	OptOut(ctx context.Context, have whmcs.Features, id int64) (before, after whmcs.MailFlags, changed bool, err error)
	UndoOptOut(ctx context.Context, id int64, before whmcs.MailFlags) (bool, error)
}
