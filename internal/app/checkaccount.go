package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/schedule"
	"github.com/whmcsync/whmcsync/internal/state"
)

// nearlyFull is the share of an account's room from which on it is worth a word.
const nearlyFull = 0.95

// lookAt makes the account at once, since accounts are made one after the other, and proves it when called.
func (c *checker) lookAt(name string) func(context.Context) []Finding {
	s := subject{"account", name}
	made, err := c.account(name)
	return func(ctx context.Context) []Finding {
		if err != nil {
			return []Finding{s.broken("", err)}
		}
		found := c.paused(ctx, s)
		if lister, ok := made.list.(maillist.Checker); ok {
			found = append(found, c.list(ctx, s, lister)...)
		}
		if checker, ok := made.registrar.(registrar.Checker); ok {
			found = append(found, c.registrar(ctx, s, checker)...)
		}
		return append(found, c.renewals(s, made.registrar)...)
	}
}

// paused tells that nothing is sent to the account, and why.
func (c *checker) paused(ctx context.Context, s subject) []Finding {
	if !c.current {
		return nil
	}
	accounts, err := c.Store.Accounts(ctx)
	if err != nil {
		return []Finding{s.broken("", err)}
	}
	if off := accountPause(accounts, s.subject); off != nil {
		return []Finding{s.warning("`whmcsync resume "+s.subject+"` when it is mended", "paused: %s", off.Reason)}
	}
	return nil
}

// list proves the key, and that the groups and custom fields exist that the syncs of the account give.
func (c *checker) list(ctx context.Context, s subject, list maillist.Checker) []Finding {
	users := c.syncsOf(func(sync config.Sync) bool { return sync.Account == s.subject })
	var groups []maillist.GroupID
	var fields []string
	for _, name := range users {
		policy := Policy(c.Config.Syncs[name])
		groups = append(groups, policy.OurGroups()...)
		for _, field := range policy.Fields {
			if field.Field != "" {
				fields = append(fields, field.Field)
			}
		}
	}
	groups, fields = distinct(groups), distinct(fields)
	health, err := list.Check(ctx, groups, fields)
	if err != nil {
		return []Finding{s.broken(accountHint(s.subject, c.Config.Accounts[s.subject], err), err)}
	}
	found := []Finding{s.ok("credentials accepted; %s", groupNames(health)), room(s, health)}
	for _, id := range health.MissingGroups {
		found = append(found, s.failed("make it there, or change groups of "+strings.Join(users, ", "), "there is no group %d", id))
	}
	for _, id := range health.MissingFields {
		found = append(found, s.failed("make it there, or change fields of "+strings.Join(users, ", "), "there is no custom field %s", id))
	}
	return found
}

func distinct[T int64 | string | maillist.GroupID](all []T) []T {
	slices.Sort(all)
	return slices.Compact(all)
}

func groupNames(health maillist.Health) string {
	names := make([]string, 0, len(health.Groups))
	for id, name := range health.Groups {
		names = append(names, fmt.Sprintf("%d %q", id, name))
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "no group is used"
	}
	return "groups: " + strings.Join(names, ", ")
}

func room(s subject, health maillist.Health) Finding {
	switch {
	case health.Limit == 0:
		return s.ok("%d subscribers", health.Used)
	case float64(health.Used) >= nearlyFull*float64(health.Limit):
		return s.warning("make room there: new clients will be refused", "%d of %d subscribers: (nearly) full", health.Used, health.Limit)
	default:
		return s.ok("%d of %d subscribers", health.Used, health.Limit)
	}
}

// accountHint names the lines of an account that an error is likely to come from, and no line that its type has no use for.
func accountHint(name string, a config.Account, err error) string {
	line := "accounts." + name + "."
	switch fault.ClassOf(err) {
	case fault.Auth:
		return "look at " + line + credential(a)
	case fault.Protocol, fault.NotFound:
		if where := addressKey(a); where != "" {
			return "look at " + line + where + ": does the API live there?"
		}
	case fault.Transient:
		if where := addressKey(a); where != "" {
			return "is " + line + where + " right, and can this machine reach it?"
		}
		return "can this machine reach the API?"
	case fault.RateLimited:
		return "the account asks us to wait; lower " + line + "rate if that stays"
	}
	return ""
}

// credential is the key that holds an account's secret.
func credential(a config.Account) string {
	if !a.Password.IsZero() {
		return "password"
	}
	return "api_key"
}

// addressKey is the key that says where an account's API lives; "" where the vendor's own address is used.
func addressKey(a config.Account) string {
	switch {
	case a.BaseURL != "":
		return "base_url"
	case a.Host != "":
		return "host"
	}
	return ""
}

// sync tells when a sync runs next, or why it does not.
func (c *checker) sync(ctx context.Context, name string) []Finding {
	s, cfg := subject{"sync", name}, c.Config.Syncs[name]
	var known state.Sync
	if c.current {
		var err error
		if known, err = c.known(ctx, name); err != nil {
			return []Finding{s.broken("", err)}
		}
	}
	if !known.PausedAt.IsZero() {
		return []Finding{s.warning("`whmcsync resume "+name+"`", "paused: %s", known.PauseReason)}
	}
	timing, err := Timing(cfg)
	if err != nil {
		return []Finding{s.broken("look at syncs."+name+".schedule", err)}
	}
	text := fmt.Sprintf("%s from %s to %s, %s", cfg.Type, cfg.Source, cfg.Account, nextRun(schedule.Next(timing, known.LastSlot, time.Now())))
	if cfg.Mode == "notify" {
		text += "; it writes nothing (mode: notify)"
	}
	return []Finding{s.ok("%s", text)}
}

// known is what is remembered of a sync; nothing before it first ran.
func (c *checker) known(ctx context.Context, name string) (state.Sync, error) {
	syncs, err := c.Store.Syncs(ctx)
	if i := slices.IndexFunc(syncs, func(y state.Sync) bool { return y.Name == name }); i >= 0 {
		return syncs[i], err
	}
	return state.Sync{}, err
}

func nextRun(at time.Time) string {
	switch {
	case at.IsZero():
		return "only by hand"
	case !at.After(time.Now()):
		return "due now"
	default:
		return "next run " + at.Local().Format("2006-01-02 15:04")
	}
}
