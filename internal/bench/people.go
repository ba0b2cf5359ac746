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

// clientsDuty is the sync that bench clients measures.
var clientsDuty = duty{kind: "clients", sync: "newsletter", account: "news", config: `accounts:
  news:
    type: mailrelay
    base_url: {{.SimURL}}
    api_key: ` + apiKey + `
    rate: {per_second: {{.PerSecond}}, in_flight: {{.InFlight}}}
syncs:
  newsletter:
    type: clients
    source: main
    account: news
    batch_size: {{.BatchSize}}
    full_every: 365d
    poll: 0
    groups: [1, 3]
`}

// mailing is a world whose outside system is a mailing list.
type mailing struct {
	*world
	list *sim.Server
}

func (b *bench) newMailing(ctx context.Context, from *billing, o sim.Options, set settings) (mailing, error) {
	o.APIKey = apiKey
	list := sim.New(o)
	w, err := b.newWorld(ctx, from, clientsDuty, list, set)
	return mailing{w, list}, err
}

// policy is what the program makes of the configuration.
func (m mailing) policy() clientsync.Policy {
	policy := app.Policy(m.configuration.Syncs[clientsDuty.sync])
	policy.OptIn = m.features.OptIn
	return policy
}

// fillList puts everybody who belongs on the list there, exactly as they should be, and returns their leading clients.
func (m mailing) fillList(ctx context.Context) ([]int64, error) {
	policy := m.policy()
	crowd, err := m.people(ctx, policy.Needs())
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
		m.list.Seed(person)
		leads = append(leads, wish.Lead)
	}
	slices.Sort(leads)
	return leads, nil
}

// people are all clients by normalised address.
func (m mailing) people(ctx context.Context, need whmcs.Wish) (map[string][]whmcs.Client, error) {
	crowd := make(map[string][]whmcs.Client, m.records)
	last, err := m.lastID(ctx)
	for from := int64(0); err == nil && from < last; from += readAtOnce {
		var clients []whmcs.Client
		clients, err = m.db.Clients(ctx, m.features, need, from, from+readAtOnce)
		for _, client := range clients {
			if email, invalid := whmcs.NormalizeEmail(client.RawEmail); invalid == nil {
				crowd[email] = append(crowd[email], client)
			}
		}
	}
	return crowd, err
}

func (m mailing) lastID(ctx context.Context) (last int64, err error) {
	err = m.connected(func(db *sql.DB) error {
		return db.QueryRowContext(ctx, "SELECT COALESCE(MAX(id), 0) FROM tblclients").Scan(&last)
	})
	return last, err
}

// rename gives clients another first name.
func (m mailing) rename(ctx context.Context, ids []int64, name string) error {
	return m.connected(func(db *sql.DB) error {
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
	})
}

// spread picks n of a list, evenly, beginning at the first-th.
func spread[T any](all []T, n, first int) []T {
	chosen := make([]T, 0, n)
	for i := first; i < len(all) && len(chosen) < n; i += max(1, len(all)/n) {
		chosen = append(chosen, all[i])
	}
	return chosen
}
