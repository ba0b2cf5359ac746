package bench

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

// readAtOnce is how many ids are read at once where nothing is measured.
const readAtOnce = 5000

// fillList puts everybody who belongs on the list there, exactly as they should be, and returns their leading clients.
func (w *world) fillList(ctx context.Context) ([]int64, error) {
	policy := app.Policy(w.configuration.Syncs[syncName])
	policy.OptIn = w.features.OptIn
	crowd, err := w.people(ctx, policy.Needs())
	if err != nil {
		return nil, err
	}
	var leads []int64
	for _, email := range slices.Sorted(maps.Keys(crowd)) {
		wish := policy.Wish(clientsync.Person{Email: email, Clients: crowd[email]})
		if wish.Reason != clientsync.Wanted {
			continue
		}
		person := sim.Person{Email: email, Status: "active", Attributes: wish.Attributes, Fields: wish.Fields}
		for _, id := range wish.Groups {
			person.Groups = append(person.Groups, int64(id))
		}
		w.list.Seed(person)
		leads = append(leads, wish.Lead)
	}
	slices.Sort(leads)
	return leads, nil
}

// people are all clients by normalised address.
func (w *world) people(ctx context.Context, need whmcs.Wish) (map[string][]whmcs.Client, error) {
	crowd := make(map[string][]whmcs.Client, w.records)
	last, err := w.lastID(ctx)
	for from := int64(0); err == nil && from < last; from += readAtOnce {
		var clients []whmcs.Client
		clients, err = w.db.Clients(ctx, w.features, need, from, from+readAtOnce)
		for _, client := range clients {
			if email, invalid := whmcs.NormalizeEmail(client.RawEmail); invalid == nil {
				crowd[email] = append(crowd[email], client)
			}
		}
	}
	return crowd, err
}

func (w *world) lastID(ctx context.Context) (last int64, err error) {
	db, err := sql.Open("mysql", w.dsn)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, "SELECT COALESCE(MAX(id), 0) FROM tblclients").Scan(&last)
	return last, err
}

// rename gives clients another first name.
func (w *world) rename(ctx context.Context, ids []int64, name string) error {
	db, err := sql.Open("mysql", w.dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	for part := range slices.Chunk(ids, 1000) {
		args := []any{name}
		for _, id := range part {
			args = append(args, id)
		}
		marks := strings.TrimSuffix(strings.Repeat("?,", len(part)), ",")
		if _, err := db.ExecContext(ctx, "UPDATE tblclients SET firstname = ? WHERE id IN ("+marks+")", args...); err != nil {
			return err
		}
	}
	return nil
}

// spread picks n of the ids, evenly, beginning at the first-th.
func spread(ids []int64, n, first int) []int64 {
	chosen := make([]int64, 0, n)
	for i := first; i < len(ids) && len(chosen) < n; i += max(1, len(ids)/n) {
		chosen = append(chosen, ids[i])
	}
	return chosen
}
