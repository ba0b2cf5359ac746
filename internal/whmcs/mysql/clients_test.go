package mysql_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

func TestClientsAsWHMCSStoresThem(t *testing.T) {
	t.Parallel()
	b := setup(t, fixture.Load)
	wish := whmcs.Wish{Columns: []string{"companyname", "country", "language", "datecreated", "nosuchcolumn", "password"}, CustomFields: []int64{1, 2, 3}, Products: true}
	got, err := b.Clients(t.Context(), b.features, wish, 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := []whmcs.Client{
		{
			ID: 1, RawEmail: "jose@example.test", Status: whmcs.ClientActive, OptIn: true,
			Columns: map[string]string{
				"firstname": "José", "lastname": "O'Brien", "full_name": "José O'Brien",
				"companyname": "Smith & Sons", "country": "GB", "language": "", "datecreated": "2019-03-01",
			},
			CustomFields: map[int64]string{1: "A friend & the web"},
			Products:     []int64{12},
		},
		{
			ID: 2, RawEmail: "ZERO@Example.TEST", Status: whmcs.ClientInactive, OptOut: true,
			Columns: map[string]string{
				"firstname": "Zero", "lastname": "Date", "full_name": "Zero Date",
				"companyname": "", "country": "US", "language": "english", "datecreated": "",
			},
		},
		{
			ID: 3, RawEmail: "jose@example.test", Status: whmcs.ClientClosed,
			Columns: map[string]string{
				"firstname": "Closed", "lastname": "Client", "full_name": "Closed Client",
				"companyname": "", "country": "ES", "language": "spanish", "datecreated": "2015-01-01",
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestClientsOfAnOldVersion(t *testing.T) {
	t.Parallel()
	b := setup(t, fixture.LoadOld)
	wish := whmcs.Wish{Columns: []string{"tax_id", "updated_at", "city"}}
	got, err := b.Clients(t.Context(), b.features, wish, 0, 1)
	want := []whmcs.Client{{
		ID: 1, RawEmail: "jose@example.test", Status: whmcs.ClientActive,
		Columns: map[string]string{"firstname": "José", "lastname": "O'Brien", "full_name": "José O'Brien", "city": "Leeds"},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestClientsOddValues(t *testing.T) {
	t.Parallel()
	b := setup(t, fixture.Load)
	b.exec(t,
		"SET SESSION sql_mode = ''",
		"ALTER TABLE tblclients MODIFY firstname TEXT CHARACTER SET utf8mb4 NOT NULL, MODIFY groupid INT NULL, MODIFY companyname TEXT NULL",
		"INSERT INTO tblclients (id, firstname, email, status, groupid, companyname, credit, lastlogin, updated_at) VALUES (10, 'Ana 😀', 'a\\tb', 'nosuch', NULL, NULL, 1.5, '2024-07-01 10:00:00', FROM_UNIXTIME(1719828000))",
	)
	wish := whmcs.Wish{Columns: []string{"companyname", "credit", "currency", "lastlogin", "updated_at"}}
	got, err := b.ClientsByIDs(t.Context(), b.features, wish, []int64{10})
	want := []whmcs.Client{{
		ID: 10, RawEmail: "a b", Status: "",
		Columns: map[string]string{
			"firstname": "Ana 😀", "lastname": "", "full_name": "Ana 😀", "companyname": "", "credit": "1.50", "currency": "1",
			"lastlogin":  "2024-07-01 10:00:00", // a DATETIME is WHMCS's wall clock already
			"updated_at": "2024-07-01 12:00:00", // a TIMESTAMP, 10:00 UTC, is shown in WHMCS's zone
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestCustomFieldsAndProducts(t *testing.T) {
	t.Parallel()
	b := setup(t, fixture.Load)
	b.exec(t,
		"SET SESSION sql_mode = ''",
		"INSERT INTO tblcustomfieldsvalues (fieldid, relid, value) VALUES (2, 2, 'old'), (2, 2, 'K&ouml;ln'), (1, 99, 'of a deleted client')",
		"INSERT INTO tblhosting (userid, packageid, domainstatus) VALUES (2,14,'Active'), (2,11,'Active'), (2,14,'Active'), (2,13,'Suspended'), (99,11,'Active')",
	)
	got, err := b.Clients(t.Context(), b.features, whmcs.Wish{CustomFields: []int64{2}, Products: true}, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("the newer of two values counts, and only wished fields are read", func(t *testing.T) {
		t.Parallel()
		if diff := cmp.Diff([]map[int64]string{nil, {2: "Köln"}, nil}, customFieldsOf(got)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("each product of an active service is there once, in order", func(t *testing.T) {
		t.Parallel()
		if diff := cmp.Diff([][]int64{{12}, {11, 14}, nil}, productsOf(got)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("reading them by id gives the same", func(t *testing.T) {
		t.Parallel()
		same, err := b.ClientsByIDs(t.Context(), b.features, whmcs.Wish{CustomFields: []int64{2}, Products: true}, []int64{3, 99, 1, 2, 3})
		if diff := cmp.Diff(got, same); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

func customFieldsOf(clients []whmcs.Client) (all []map[int64]string) {
	for _, c := range clients {
		all = append(all, c.CustomFields)
	}
	return all
}

func productsOf(clients []whmcs.Client) (all [][]int64) {
	for _, c := range clients {
		all = append(all, c.Products)
	}
	return all
}

func TestWhatRulesNeedAndCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	b := setup(t, fixture.Load)
	db := b.as(t, readLittle)
	features, err := db.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Clients(t.Context(), features, whmcs.Wish{Products: true}, 0, 10)
	wantFault(t, err, fault.Auth, "GRANT SELECT (userid, packageid, domainstatus) ON `")
	_, err = db.Clients(t.Context(), features, whmcs.Wish{CustomFields: []int64{1}}, 0, 10)
	wantFault(t, err, fault.Auth, "`tblcustomfields`", "`tblcustomfieldsvalues`")
	// A right that was taken away after the probe.
	_, err = db.Clients(t.Context(), b.features, whmcs.Wish{Columns: []string{"country"}}, 0, 10)
	wantFault(t, err, fault.Auth, "read clients (ids 1 to 10)", "country")
	// A column that was dropped after the probe.
	b.exec(t, "ALTER TABLE tblclients DROP COLUMN tax_id")
	_, err = b.Clients(t.Context(), b.features, whmcs.Wish{Columns: []string{"tax_id"}}, 0, 10)
	wantFault(t, err, fault.Refused, "tax_id")
}

func TestReadingALargeTable(t *testing.T) {
	t.Parallel()
	b := setup(t, fixture.Load)
	summary, err := fixture.Clients(t.Context(), b.dsn, fixture.Options{N: 2500, Seed: 7, FourByte: true})
	if err != nil {
		t.Fatal(err)
	}
	wish := whmcs.Wish{Columns: []string{"country"}, CustomFields: []int64{1, 2}, Products: true}
	all, err := b.Clients(t.Context(), b.features, wish, 0, summary.LastID)
	if err != nil {
		t.Fatal(err)
	}

	t.Run("every client is there once, in order", func(t *testing.T) {
		t.Parallel()
		increasing := slices.IsSortedFunc(all, func(a, b whmcs.Client) int { return int(a.ID - b.ID) })
		if len(all) != 2503 || !increasing {
			t.Errorf("%d clients, in order: %v", len(all), increasing)
		}
	})
	t.Run("batches by range meet without gap or overlap", func(t *testing.T) {
		t.Parallel()
		var got []whmcs.Client
		for from := int64(0); from < summary.LastID; from += 250 {
			some, err := b.Clients(t.Context(), b.features, wish, from, from+250)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, some...)
		}
		if diff := cmp.Diff(all, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("more ids than one statement takes give the same", func(t *testing.T) {
		t.Parallel()
		ids := make([]int64, 0, len(all))
		for _, c := range all {
			ids = append(ids, c.ID)
		}
		slices.Reverse(ids)
		got, err := b.ClientsByIDs(t.Context(), b.features, wish, ids)
		if diff := cmp.Diff(all, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
	t.Run("a survey sees the same addresses page by page", func(t *testing.T) {
		t.Parallel()
		var got []whmcs.Spot
		for page := []whmcs.Spot{{}}; len(page) > 0; got = append(got, page...) {
			if page, err = b.Spots(t.Context(), page[len(page)-1].ID, 700); err != nil {
				t.Fatal(err)
			}
		}
		want := make([]whmcs.Spot, 0, len(all))
		for _, c := range all {
			want = append(want, whmcs.Spot{ID: c.ID, Raw: c.RawEmail})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("an empty range and no ids are no clients", func(t *testing.T) {
		t.Parallel()
		none, err := b.Clients(t.Context(), b.features, wish, summary.LastID, summary.LastID+500)
		if len(none) > 0 || err != nil {
			t.Error(none, err)
		}
		none, err = b.ClientsByIDs(t.Context(), b.features, wish, nil)
		if diff := cmp.Diff([]whmcs.Client{}, none, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}
