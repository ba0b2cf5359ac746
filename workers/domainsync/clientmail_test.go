package domainsync_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// postman keeps the mails that were asked for, as "id template".
type postman struct {
	mails []string
	fail  func() error
}

func (p *postman) SendEmail(_ context.Context, template string, id int64) error {
	p.mails = append(p.mails, fmt.Sprint(id, " ", template))
	if p.fail != nil {
		return p.fail()
	}
	return nil
}

// announced is a sync of n transfers whose clients are told.
func announced(t *testing.T, n int) (*bundle, *postman) {
	t.Helper()
	b, post := coming(t, n), &postman{}
	b.duty.Mailer = post
	return b, post
}

func (p *postman) want(t *testing.T, mails ...string) {
	t.Helper()
	if diff := cmp.Diff(mails, p.mails); diff != "" {
		t.Errorf("mails (-want +got):\n%s", diff)
	}
}

func (b *bundle) failed(name registrar.Name) {
	b.account.Transferring(registrar.Transfer{Name: name, State: registrar.TransferFailed, Reason: "wrong code"})
}

func TestAClientIsToldOnceOfATransferThatArrived(t *testing.T) {
	t.Parallel()
	b, post := announced(t, 3)
	b.done("d2.example", "2032-03-20")
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 3, "skipped_pending": 2, "updated": 1})
	b.Pass(synckit.Full)
	post.want(t, "2 Domain Transfer Completed")
	changes := b.WantChanges("d2.example", "client_mail applied", "expiry applied", "status applied")
	mail := state.Change{RecordID: 2, Key: "d2.example", Field: "client_mail", New: "Domain Transfer Completed", Side: state.SideSource}
	got := changes[0]
	if diff := cmp.Diff(mail, state.Change{RecordID: got.RecordID, Key: got.Key, Field: got.Field, Old: got.Old, New: got.New, Side: got.Side}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.WantFailures()
}

func TestAClientIsToldOfATransferThatFailedOnlyWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	for rule, want := range map[domainsync.FailedRule][]string{domainsync.CancelFailed: {"1 Domain Transfer Failed"}, "": nil} {
		b, post := announced(t, 2)
		b.duty.Policy.Failed = rule
		b.failed("d1.example")
		run := b.Start(100, synckit.Full)
		b.MustWork()
		post.want(t) // it waits for the end of the run
		b.Finish(run)
		b.Pass(synckit.Full)
		post.want(t, want...)
	}
}

func TestNobodyIsToldOfWhatIsNotWritten(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(b *bundle) []func(*state.NewRun){
		"in notify mode": func(*bundle) []func(*state.NewRun) { return []func(*state.NewRun){synckit.Full, synckit.Notify} },
		"when an administrator was faster": func(b *bundle) []func(*state.NewRun) {
			b.whmcs.before = func(int64) error {
				b.edit(1, standing(whmcs.DomainFraud))
				return nil
			}
			return []func(*state.NewRun){synckit.Full}
		},
		"when the write fails": func(b *bundle) []func(*state.NewRun) {
			b.whmcs.before = func(int64) error { return trouble(fault.Rejected) }
			return []func(*state.NewRun){synckit.Full}
		},
		"by a sync of domains": func(b *bundle) []func(*state.NewRun) {
			b.duty.Domains, b.duty.Transfers = b.whmcs, false
			return []func(*state.NewRun){synckit.Full}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, post := announced(t, 1)
			b.done("d1.example", "2032-03-20")
			b.Pass(spoil(b)...)
			post.want(t)
			changes, err := b.Store.Changes(b.Ctx, state.ChangeFilter{Sync: syncName, State: state.ChangeApplied})
			must(t, err)
			for _, c := range changes {
				if c.Field == domainsync.FieldClientMail {
					t.Errorf("a mail is on record: %+v", c)
				}
			}
		})
	}
}

func TestAMailThatWasHeldWithItsChangeGoesOutWithTheApproval(t *testing.T) {
	t.Parallel()
	b, post := announced(t, 1)
	b.duty.Policy.Failed = domainsync.CancelFailed
	b.failed("d1.example")
	run := b.Start(100, synckit.Full)
	b.MustWork()
	held := b.Hold(run)
	post.want(t)
	_, err := b.Store.Approve(b.Ctx, held.ID)
	must(t, err)
	b.MustWork()
	b.wantRow(1, whmcs.DomainCancelled, "2031-09-01")
	post.want(t, "1 Domain Transfer Failed")
}

func TestACrashBehindTheWriteLosesTheMailRatherThanSendingTwo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		strike func(b *bundle, post *postman)
		want   []string
	}{
		"before it was asked for": {strike: func(b *bundle, _ *postman) {
			b.whmcs.after = func(int64) error { b.whmcs.after = nil; b.Overtake(); return context.Canceled }
		}},
		"after it was asked for": {want: []string{"1 Domain Transfer Completed"}, strike: func(b *bundle, post *postman) {
			post.fail = func() error { post.fail = nil; b.Overtake(); return nil }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, post := announced(t, 1)
			b.done("d1.example", "2032-03-20")
			tc.strike(b, post)
			run := b.Start(100, synckit.Full)
			_ = b.Work()
			b.WantChanges("d1.example", "client_mail planned", "expiry planned", "status planned")
			b.MustWork()
			b.WantCounts(b.Finish(run), state.Counts{"records": 1, "updated": 1})
			b.wantRow(1, whmcs.DomainActive, "2032-03-20")
			post.want(t, tc.want...)
			b.WantChanges("d1.example", "client_mail superseded", "expiry applied", "status applied")
		})
	}
}

func TestAMailThatFailsIsAFailureUntilAPersonHasSeenToIt(t *testing.T) {
	t.Parallel()
	for _, class := range []fault.Class{fault.Rejected, fault.Transient, fault.Protocol, fault.RateLimited} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			b, post := announced(t, 2)
			post.fail = func() error { return fault.New(class, "main", "send email", "no") }
			b.done("d1.example", "2032-03-20")
			b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 2, "skipped_pending": 1, "updated": 1})
			b.wantRow(1, whmcs.DomainActive, "2032-03-20")
			b.WantChanges("d1.example", "client_mail failed", "expiry applied", "status applied")
			b.Pass(synckit.Full)
			failures := b.WantFailures("1 " + string(class))
			if len(failures) == 1 && !strings.HasPrefix(failures[0].Message, `client mail "Domain Transfer Completed": main: send email: `) {
				t.Error(failures[0].Message)
			}
			b.Touch(state.ByRetry, 1)
			b.WantFailures()
			post.want(t, "1 Domain Transfer Completed")
		})
	}
}

func TestRefusedCredentialsOfWHMCSPauseTheSyncAndNotTheAccount(t *testing.T) {
	t.Parallel()
	b, post := announced(t, 2)
	post.fail = func() error { return fault.New(fault.Auth, "main", "send email", "Authentication Failed") }
	b.done("d1.example", "2032-03-20")
	b.done("d2.example", "2032-03-20")
	b.Start(100, synckit.Full)
	if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], fault.Auth) {
		t.Fatalf("handed back with %v", failed)
	}
	post.want(t, "1 Domain Transfer Completed")
	b.WantFailures("1 auth")
	b.wantRow(2, whmcs.DomainPendingTransfer, "2031-09-01")
	sync, err := b.Store.Sync(b.Ctx, syncName)
	must(t, err)
	accounts, err := b.Store.Accounts(b.Ctx)
	must(t, err)
	paused := slices.ContainsFunc(accounts, func(a state.Account) bool { return !a.PausedAt.IsZero() })
	if !strings.Contains(sync.PauseReason, "Authentication Failed") || paused {
		t.Errorf("sync paused for %q, accounts %+v", sync.PauseReason, accounts)
	}

	t.Run("and once they are mended the others are told", func(t *testing.T) {
		post.fail = nil
		must(t, b.Store.ResumeSync(b.Ctx, syncName))
		b.MustWork()
		b.wantRow(2, whmcs.DomainActive, "2032-03-20")
		post.want(t, "1 Domain Transfer Completed", "2 Domain Transfer Completed")
		b.WantFailures("1 auth")
	})
}

func TestWHMCSThatAnswersNobodyIsNotAskedForEver(t *testing.T) {
	t.Parallel()
	b, post := announced(t, 8)
	post.fail = func() error { return trouble(fault.Transient) }
	for i := range 8 {
		b.done(registrar.Name(fmt.Sprintf("d%d.example", i+1)), "2032-03-20")
	}
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 8, "updated": 8})
	if len(post.mails) != 5 {
		t.Errorf("asked for %d mails", len(post.mails))
	}
	b.WantFailures("1 transient", "2 transient", "3 transient", "4 transient", "5 transient", "6 held", "7 held", "8 held")
}

func TestAMailCannotBeReverted(t *testing.T) {
	t.Parallel()
	b, post := announced(t, 1)
	b.duty.Domains = b.whmcs
	b.done("d1.example", "2032-03-20")
	b.Pass(synckit.Full)
	changed := b.changed()
	b.Revert(changed["status"], changed["expiry"], changed["client_mail"])
	b.wantRow(1, whmcs.DomainPendingTransfer, "2031-09-01")
	b.WantChanges("d1.example", "client_mail applied", "expiry reverted", "status reverted")
	want := fmt.Sprintf("change %d not reverted: a mail that was sent cannot be taken back", changed["client_mail"])
	if f := b.WantFailures("1 refused"); len(f) == 1 && f[0].Message != want {
		t.Error(f[0].Message)
	}
	b.Pass(synckit.Full)
	post.want(t, "1 Domain Transfer Completed")
}
