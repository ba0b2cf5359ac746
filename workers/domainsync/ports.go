package domainsync

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Domains is the part of the WHMCS database that a sync uses: the rows of its registrar, in the statuses it is about,
// without those that are excluded.
type Domains interface {
	Domains(ctx context.Context, from, to int64) ([]whmcs.Domain, error)
	DomainsByIDs(ctx context.Context, ids []int64) ([]whmcs.Domain, error)
	// RowsByIDs reads rows of the registrar whatever their status: those that have left the sync, often by our own hand.
	RowsByIDs(ctx context.Context, ids []int64) ([]whmcs.Domain, error)
	// RowsByNames reads all rows of these names in the whole source, whatever their status and registrar, those that are
	// excluded, too. Rows of other names may be among them.
	RowsByNames(ctx context.Context, names []registrar.Name) ([]whmcs.Domain, error)
	// WriteDomain writes one row if it still holds what was read. False: somebody else has changed it, and nothing was
	// written.
	WriteDomain(ctx context.Context, write whmcs.DomainWrite) (bool, error)
}
