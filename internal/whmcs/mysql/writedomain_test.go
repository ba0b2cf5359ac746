package mysql_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

const (
	settingsOf = "SELECT CONCAT(donotrenew, idprotection) FROM tbldomains WHERE id = 1"
	rowOf      = "SELECT CONCAT_WS(' ', status, COALESCE(expirydate, 'NULL'), nextduedate, nextinvoicedate, synced, updated_at > NOW() - INTERVAL 1 MINUTE) FROM tbldomains WHERE id = "
	others     = "SELECT MD5(GROUP_CONCAT(CONCAT_WS('|', id, status, COALESCE(expirydate, 'NULL'), nextduedate, nextinvoicedate, synced) ORDER BY id)) FROM tbldomains WHERE id <> 1"
)

// held are the values of a domain as they are read.
func (e *estate) held(t *testing.T, id int64) whmcs.DomainValues {
	t.Helper()
	domains, err := e.DomainsByIDs(t.Context(), whmcs.DomainFeatures{}, whmcs.DomainFilter{}, []int64{id})
	if err != nil || len(domains) != 1 {
		t.Fatal(domains, err)
	}
	return domains[0].Values()
}

// renewal moves the expiry of a domain as it stands to a day.
func (e *estate) renewal(t *testing.T, id int64, day string) whmcs.DomainWrite {
	t.Helper()
	write := whmcs.DomainWrite{ID: id, Old: e.held(t, id), New: e.held(t, id)}
	write.New.Expiry = civil.Must(day)
	return write
}

func TestWriteDomain(t *testing.T) {
	t.Parallel()

	t.Run("it writes what differs, marks the row and touches no other", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		before := e.value(t, others)
		write := e.renewal(t, 1, "2028-05-20")
		write.New.Status = whmcs.DomainGrace
		write.New.NextDue, write.New.NextInvoice = civil.Must("2028-05-10"), civil.Must("2028-05-09")
		e.exec(t, "UPDATE tbldomains SET synced = 0 WHERE id = 1")
		changed, current, err := e.WriteDomain(t.Context(), e.domains, write)
		if !changed || current != write.New || err != nil {
			t.Error(changed, current, err)
		}
		if diff := cmp.Diff([]string{"Grace 2028-05-20 2028-05-10 2028-05-09 1 1", before}, []string{e.value(t, rowOf+"1"), e.value(t, others)}); diff != "" {
			t.Error(diff)
		}
		if due := e.value(t, "SELECT duedate FROM tblinvoiceitems WHERE id = 1"); due != "2027-05-10" {
			t.Errorf("nobody asked for the invoice's item to move to %s", due)
		}
	})

	for name, id := range map[string]int64{"NULL": 2, "0000-00-00": 3, "no day of the calendar": 10} {
		t.Run("an expiry that is "+name+" counts as unset", func(t *testing.T) {
			t.Parallel()
			e := setupDomains(t, fixture.Load)
			changed, _, err := e.WriteDomain(t.Context(), e.domains, e.renewal(t, id, "2028-01-01"))
			if got := e.held(t, id).Expiry; !changed || err != nil || got != civil.Must("2028-01-01") {
				t.Error(changed, err, got)
			}
		})
	}

	t.Run("zero dates beside what is written stay", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		changed, _, err := e.WriteDomain(t.Context(), e.domains, e.renewal(t, 3, "2028-01-01"))
		if got := e.value(t, rowOf+"3"); !changed || err != nil || got != "Active 2028-01-01 0000-00-00 0000-00-00 1 1" {
			t.Error(changed, err, got)
		}
		if got := e.value(t, "SELECT registrationdate FROM tbldomains WHERE id = 3"); got != "0000-00-00" {
			t.Error(got)
		}
	})

	t.Run("an old version has no updated_at, and a status of nothing", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.LoadOld)
		write := e.renewal(t, 4, "2027-01-01")
		write.New.Status = whmcs.DomainActive
		changed, _, err := e.WriteDomain(t.Context(), e.domains, write)
		if got := e.held(t, 4); !changed || err != nil || got != write.New {
			t.Error(changed, err, got)
		}
		write = e.renewal(t, 4, "2027-02-01")
		write.New.Status = whmcs.DomainRedemption
		_, _, err = e.WriteDomain(t.Context(), e.domains, write)
		wantFault(t, err, fault.Refused, "write domain 4")
	})

	t.Run("a domain that is gone is not found", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		write := e.renewal(t, 1, "2028-01-01")
		write.ID = 404
		_, _, err := e.WriteDomain(t.Context(), e.domains, write)
		wantFault(t, err, fault.NotFound, "no domain 404")
	})
}

func TestAutoRenewAndIDProtectionAreWritten(t *testing.T) {
	t.Parallel()
	switched := func(t *testing.T, e *estate, doNotRenew, protection bool) whmcs.DomainWrite {
		write := whmcs.DomainWrite{ID: 1, Old: e.held(t, 1), New: e.held(t, 1)}
		write.New.DoNotRenew, write.New.IDProtection = doNotRenew, protection
		return write
	}

	t.Run("each by itself, and back", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		e.exec(t, "UPDATE tbldomains SET donotrenew = 0, idprotection = 1 WHERE id = 1")
		before := e.value(t, others)
		for _, step := range []struct {
			doNotRenew, protection bool
			want                   string
		}{{true, true, "11"}, {true, false, "10"}, {false, false, "00"}, {false, true, "01"}} {
			write := switched(t, e, step.doNotRenew, step.protection)
			changed, current, err := e.WriteDomain(t.Context(), e.domains, write)
			if got := e.value(t, settingsOf); !changed || current != write.New || err != nil || got != step.want {
				t.Error(changed, current, err, got)
			}
		}
		if diff := cmp.Diff(before, e.value(t, others)); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("an answer of on or off for the same is no change", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		e.exec(t, "ALTER TABLE tbldomains MODIFY donotrenew TEXT", "UPDATE tbldomains SET donotrenew = 'on' WHERE id = 1")
		write := e.renewal(t, 1, "2028-05-20")
		e.exec(t, "UPDATE tbldomains SET donotrenew = '1' WHERE id = 1")
		if changed, _, err := e.WriteDomain(t.Context(), e.domains, write); !changed || err != nil {
			t.Error(changed, err)
		}
	})

	t.Run("their own grant is needed when they differ, and only then", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		db := e.as(t, readDomains, writeDomains)
		features, err := db.ProbeDomains(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		changed, _, err := db.WriteDomain(t.Context(), features, e.renewal(t, 1, "2028-05-20"))
		if !changed || err != nil {
			t.Error(changed, err)
		}
		write := switched(t, e, true, true)
		write.New.Status = whmcs.DomainGrace
		_, _, err = db.WriteDomain(t.Context(), features, write)
		wantFault(t, err, fault.Auth, "write domain 1", "GRANT UPDATE (donotrenew, idprotection) ON `")
		if got := e.held(t, 1); got != write.Old {
			t.Errorf("now %v", got)
		}
		db = e.as(t, readDomains, writeDomains, switchDomains)
		if features, err = db.ProbeDomains(t.Context()); err != nil {
			t.Fatal(err)
		}
		if changed, _, err = db.WriteDomain(t.Context(), features, write); !changed || err != nil {
			t.Error(changed, err)
		}
	})
}

func TestWriteDomainLosesNoEdit(t *testing.T) {
	t.Parallel()
	for column, value := range map[string]string{
		"status": "Fraud", "expirydate": "2027-05-21", "nextduedate": "2027-05-11", "nextinvoicedate": "0000-00-00",
		"donotrenew": "1", "idprotection": "0",
	} {
		for _, engine := range []string{"InnoDB", "MyISAM"} {
			t.Run("of "+column+" in "+engine, func(t *testing.T) {
				t.Parallel()
				e := setupDomains(t, fixture.Load)
				e.exec(t, "ALTER TABLE tbldomains ENGINE = "+engine)
				write := e.renewal(t, 1, "2028-05-20")
				e.exec(t, "UPDATE tbldomains SET "+column+" = '"+value+"' WHERE id = 1")
				edited := e.held(t, 1)
				changed, current, err := e.WriteDomain(t.Context(), e.domains, write)
				if changed || err != nil || current != edited || e.held(t, 1) != edited {
					t.Errorf("%v, %v: told %v, was %v, is %v", changed, err, current, edited, e.held(t, 1))
				}
			})
		}
	}

	t.Run("the same write twice is a change once, and says what stands there", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		write := e.renewal(t, 1, "2028-05-20")
		first, _, err := e.WriteDomain(t.Context(), e.domains, write)
		if !first || err != nil {
			t.Fatal(first, err)
		}
		again, current, err := e.WriteDomain(t.Context(), e.domains, write)
		if again || current != write.New || err != nil {
			t.Error(again, current, err)
		}
	})
}

// With MyISAM no lock keeps a second writer out between our look at the row and our write.
func TestTheServerItselfComparesWhatIsWritten(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.Load)
	e.exec(t, "ALTER TABLE tbldomains ENGINE = MyISAM")
	for range 30 {
		old := e.held(t, 1)
		ours, theirs := old, old
		ours.Expiry, theirs.Expiry = old.Expiry.AddDays(1), old.Expiry.AddDays(2)
		if wins := e.race(t, 1, old, ours, theirs); wins != 1 {
			t.Fatalf("%d of two writers who saw the same have written", wins)
		}
	}
}

// race writes each from old at once, and counts those that say they did.
func (e *estate) race(t *testing.T, id int64, old whmcs.DomainValues, each ...whmcs.DomainValues) int64 {
	t.Helper()
	var wins atomic.Int64
	var all sync.WaitGroup
	for _, values := range each {
		all.Go(func() {
			changed, _, err := e.WriteDomain(t.Context(), e.domains, whmcs.DomainWrite{ID: id, Old: old, New: values})
			if err != nil {
				t.Error(err)
			}
			if changed {
				wins.Add(1)
			}
		})
	}
	all.Wait()
	return wins.Load()
}

func TestOfManyWritersExactlyOneWrites(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.Load)
	old := e.held(t, 1)
	var wishes []whmcs.DomainValues
	for i := range 12 {
		wish := old
		wish.Expiry = old.Expiry.AddDays(i + 1)
		wishes = append(wishes, wish)
	}
	if wins := e.race(t, 1, old, wishes...); wins != 1 {
		t.Errorf("%d writers have written", wins)
	}
}

func TestWriteDomainAsksNobodyAboutNonsense(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.Load)
	write := e.renewal(t, 1, "2028-05-20")
	gone, cancel := context.WithCancel(t.Context())
	cancel() // whatever goes to the database fails now, as Transient
	for name, spoil := range map[string]func(*whmcs.DomainWrite){
		"a status outside the enum": func(w *whmcs.DomainWrite) { w.New.Status = "Inactive" },
		"a zero date":               func(w *whmcs.DomainWrite) { w.New.NextDue = civil.Date{} },
		"a date before 1990":        func(w *whmcs.DomainWrite) { w.New.Expiry = civil.Must("1989-12-31") },
		"a date far ahead":          func(w *whmcs.DomainWrite) { w.New.Expiry = civil.Must("2099-01-01") },
		"no id":                     func(w *whmcs.DomainWrite) { w.ID = 0 },
		"nothing to write":          func(w *whmcs.DomainWrite) { w.New = w.Old },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := write
			spoil(&bad)
			_, _, err := e.WriteDomain(gone, e.domains, bad)
			wantFault(t, err, fault.Refused, "write domain")
		})
	}
	_, _, err := e.WriteDomain(gone, e.domains, write)
	wantFault(t, err, fault.Transient, "write domain 1")
}

func TestWriteDomainByColumnGrants(t *testing.T) {
	t.Parallel()

	t.Run("the four columns are enough", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		db := e.as(t, readDomains, writeDomains)
		features, err := db.ProbeDomains(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		changed, _, err := db.WriteDomain(t.Context(), features, e.renewal(t, 2, "2028-05-20"))
		if got := e.value(t, rowOf+"2"); !changed || err != nil || got != "Pending Transfer 2028-05-20 2027-01-02 2027-01-02 0 0" {
			t.Error(changed, err, got)
		}
	})

	t.Run("without them the error names the grant", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		_, _, err := e.as(t, readDomains).WriteDomain(t.Context(), e.domains, e.renewal(t, 1, "2028-05-20"))
		wantFault(t, err, fault.Auth, "write domain 1", "GRANT UPDATE (status, expirydate, nextduedate, nextinvoicedate) ON `")
	})
}

func TestInvoiceItemsMoveWithTheDueDate(t *testing.T) {
	t.Parallel()
	const dues = "SELECT GROUP_CONCAT(COALESCE(duedate, '-') ORDER BY id) FROM tblinvoiceitems"
	moved := func(t *testing.T, e *estate) whmcs.DomainWrite {
		write := e.renewal(t, 1, "2028-05-20")
		write.New.NextDue, write.InvoiceItems = civil.Must("2028-05-10"), true
		return write
	}

	t.Run("those of unpaid invoices for this domain and the old day", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		// Item 5 is paid, 6 is due on another day, 7 is of a service, 8 of another domain.
		e.exec(t, "INSERT INTO tblinvoiceitems (id, invoiceid, userid, type, relid, duedate, description, paymentmethod, notes) VALUES "+
			"(5, 2, 1, 'Domain', 1, '2027-05-10', '', '', ''), (6, 1, 1, 'Domain', 1, '2026-05-10', '', '', ''), "+
			"(7, 1, 1, 'Hosting', 1, '2027-05-10', '', '', ''), (8, 1, 1, 'Domain', 2, '2027-05-10', '', '', '')")
		changed, _, err := e.as(t, readDomains, writeDomains, markDomains, readInvoices, readItems, moveItems).WriteDomain(t.Context(), e.domains, moved(t, e))
		want := "2028-05-10,2027-01-01,2027-03-03,2026-03-03,2027-05-10,2026-05-10,2027-05-10,2027-05-10"
		if diff := cmp.Diff(want, e.value(t, dues)); diff != "" || !changed || err != nil {
			t.Error(diff, changed, err)
		}
	})

	t.Run("none when the domain was edited meanwhile", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		write := moved(t, e)
		e.exec(t, "UPDATE tbldomains SET status = 'Fraud' WHERE id = 1")
		changed, _, err := e.WriteDomain(t.Context(), e.domains, write)
		if got := e.value(t, dues); changed || err != nil || got != "2027-05-10,2027-01-01,2027-03-03,2026-03-03" {
			t.Error(changed, err, got)
		}
	})

	t.Run("without the right the domain stays, too", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		write, db := moved(t, e), e.as(t, readDomains, writeDomains, markDomains, readInvoices, readItems)
		features, err := db.ProbeDomains(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = db.WriteDomain(t.Context(), features, write)
		wantFault(t, err, fault.Auth, "GRANT UPDATE (duedate) ON `")
		_, _, err = db.WriteDomain(t.Context(), e.domains, write) // a right that was taken away since
		wantFault(t, err, fault.Auth, "write domain 1")
		if got := e.held(t, 1); got != write.Old {
			t.Errorf("now %v", got)
		}
	})
}
