package mailrelay

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/maillist"
)

const maxPages = 100 // of groups or custom fields; a server that never ends is not believed

// Check proves the key and looks for groups, custom fields (by id) and room. See maillist.Checker.
func (a *Account) Check(ctx context.Context, groups []maillist.GroupID, fields []string) (maillist.Health, error) {
	if err := a.wire.Ping(ctx); err != nil {
		return maillist.Health{}, err
	}
	names, err := a.groupNames(ctx)
	if err != nil {
		return maillist.Health{}, err
	}
	missing, err := a.missingFields(ctx, fields)
	if err != nil {
		return maillist.Health{}, err
	}
	room, err := a.wire.Package(ctx)
	if err != nil {
		return maillist.Health{}, err
	}
	health := maillist.Health{
		Groups: map[maillist.GroupID]string{}, MissingFields: missing,
		Used: int(room.SubscribersUsage), Limit: int(room.SubscribersLimit),
	}
	for _, id := range groups {
		if name, ok := names[id]; ok {
			health.Groups[id] = name
		} else {
			health.MissingGroups = append(health.MissingGroups, id)
		}
	}
	return health, nil
}

func (a *Account) groupNames(ctx context.Context) (map[maillist.GroupID]string, error) {
	names := map[maillist.GroupID]string{}
	err := a.allPages("list groups", func(page int) (int, error) {
		groups, err := a.wire.Groups(ctx, page)
		before := len(names)
		for _, g := range groups {
			names[maillist.GroupID(g.ID)] = string(g.Name)
		}
		return len(names) - before, err
	})
	return names, err
}

func (a *Account) missingFields(ctx context.Context, wanted []string) ([]string, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	known := map[string]bool{}
	err := a.allPages("list custom fields", func(page int) (int, error) {
		fields, err := a.wire.CustomFields(ctx, page)
		before := len(known)
		for _, f := range fields {
			known[strconv.FormatInt(int64(f.ID), 10)] = true
		}
		return len(known) - before, err
	})
	missing := slices.DeleteFunc(slices.Clone(wanted), func(id string) bool { return known[id] })
	return missing, err
}

// allPages reads until a page brings nothing new, which also ends on a server that does not page at all.
func (a *Account) allPages(op string, read func(page int) (news int, err error)) error {
	for page := 1; page <= maxPages; page++ {
		if news, err := read(page); err != nil || news == 0 {
			return err
		}
	}
	return fault.New(fault.Protocol, a.name, op, "more than %d pages", maxPages)
}

// isMissing says that the server does not know the call at all.
func isMissing(err error) bool {
	status, ok := errors.AsType[*httpx.StatusError](err)
	return ok && status.Status == http.StatusNotFound
}
