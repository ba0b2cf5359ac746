package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	driver "github.com/go-sql-driver/mysql"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

// source proves one WHMCS database for all syncs that read it.
func (c *checker) source(ctx context.Context, name string) []Finding {
	s, src := subject{"source", name}, c.sources[name]
	defer src.close()
	db, features, err := src.open(ctx)
	if err != nil {
		return []Finding{s.broken(signInHint(name, err), err)}
	}
	n, err := db.Count(ctx)
	if err != nil {
		return []Finding{s.broken("", err)}
	}
	found := []Finding{s.ok("%s, %d clients", whmcsVersion(features.Version), n)}
	theirs, ours, err := askClock(ctx, db.Clock)
	if err != nil {
		return append(found, s.broken("", err))
	}
	found = append(found, s.clock("the database", theirs, ours)...)
	return slices.Concat(found, c.columns(s, features), c.powers(s, features), c.clientFields(ctx, s, db, features),
		c.optOuts(ctx, s, db, features), c.domains(ctx, s, src))
}

// clientFields proves that the custom fields of clients exist that the syncs map. Whether they can be read is told by powers.
func (c *checker) clientFields(ctx context.Context, s subject, db *mysql.DB, features whmcs.Features) []Finding {
	if !features.CustomFields {
		return nil
	}
	var found []Finding
	for _, name := range c.readers(s) {
		missing, err := db.MissingFields(ctx, needs(c.Config.Syncs[name]).CustomFields)
		if err != nil {
			return append(found, s.broken("", err))
		}
		for _, id := range missing {
			found = append(found, s.failed("make it in WHMCS (Custom Client Fields), or take custom_field:"+strconv.FormatInt(id, 10)+" out of syncs."+name+".fields",
				"%s maps custom field %d, which no field of clients has as its id: what the list holds there stays as it is", name, id))
		}
	}
	return found
}

// optOuts proves that opt-outs can be written where they are to be.
func (c *checker) optOuts(ctx context.Context, s subject, db *mysql.DB, features whmcs.Features) []Finding {
	var found []Finding
	for _, name := range c.readers(s) {
		if cfg := c.Config.Syncs[name]; cfg.Clients.WriteBack && cfg.Mode == "apply" && features.WriteOptOut {
			found = append(found, s.readOnly(name, "syncs."+name+".write_back: false", db.ProveOptOutWrite(ctx))...)
		}
	}
	return found
}

// readOnly tells that a database takes no writes; without is what a sync does with that writes nothing to it.
func (s subject) readOnly(sync, without string, err error) []Finding {
	if err == nil {
		return nil
	}
	words, is := mysql.ReadOnly(err)
	if !is {
		return []Finding{s.broken("", err)}
	}
	return []Finding{s.failed("point sources."+s.subject+".dsn at the primary server, or write "+without,
		"%s writes to WHMCS, and this database is read-only: %s", sync, words)}
}

func whmcsVersion(version string) string {
	if version == "" {
		return "WHMCS of an unknown version"
	}
	return "WHMCS " + version
}

// signInHint says what is wrong where the server's words are about a name, a password or a place; the grants that the
// error advises would not help there.
func signInHint(source string, err error) string {
	answer, fromServer := errors.AsType[*driver.MySQLError](err)
	switch {
	case fromServer && slices.Contains([]uint16{1045, 1130, 1698}, answer.Number):
		return "look at the user and password in sources." + source + ".dsn, and from which hosts that user may sign in"
	case fromServer && answer.Number == 1049:
		return "look at the database's name in sources." + source + ".dsn"
	case !fromServer && fault.Is(err, fault.Transient):
		return "is the database running, and is the address in sources." + source + ".dsn right?"
	}
	return ""
}

// syncsOf are the names of the syncs that fit, sorted.
func (c *checker) syncsOf(fits func(config.Sync) bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.Config.Syncs)) {
		if fits(c.Config.Syncs[name]) {
			names = append(names, name)
		}
	}
	return names
}

// readers are the clients syncs of a source.
func (c *checker) readers(s subject) []string {
	return c.syncsOf(func(sync config.Sync) bool { return sync.Source == s.subject && sync.Type == "clients" })
}

// columns proves that the columns are there that the syncs want of tblclients. A field without its column is left out; a
// rule without its column would fit nobody.
func (c *checker) columns(s subject, features whmcs.Features) []Finding {
	var found []Finding
	for _, name := range c.readers(s) {
		sync := c.Config.Syncs[name]
		for _, column := range Policy(sync).Needs().Columns {
			hint := fmt.Sprintf("grant SELECT (%s) on tblclients, or change syncs.%s", column, name)
			switch {
			case features.Columns[column]:
			case ruledBy(sync.Clients.Groups, column):
				found = append(found, s.failed(hint, "%s chooses groups by %s, which does not exist or may not be read", name, column))
			default:
				found = append(found, s.warning(hint, "%s maps %s, which does not exist or may not be read: the field is left out", name, column))
			}
		}
	}
	return found
}

func ruledBy(groups []config.GroupRule, column string) bool {
	return slices.ContainsFunc(groups, func(g config.GroupRule) bool {
		return column == "country" && len(g.When.Country) > 0 || column == "language" && len(g.When.Language) > 0
	})
}

// power is something that not every WHMCS install has or allows.
type power struct {
	there bool
	words string                   // how Features.Missing begins to say that it is not there
	means func(config.Sync) Result // what a sync is without it; ok = it does not use it
}

func powersOf(f whmcs.Features) []power {
	return []power{
		{f.OptIn, "marketing_emails_opt_in", func(s config.Sync) Result { return when(s.Clients.Consent == whmcs.ConsentOptIn, ResultWarning) }},
		{f.UpdatedAt, "changed clients", func(s config.Sync) Result { return when(s.Poll > 0, ResultWarning) }},
		{f.CustomFields, "custom fields", func(s config.Sync) Result { return when(len(needs(s).CustomFields) > 0, ResultFailed) }},
		{f.Services, "products", func(s config.Sync) Result { return when(needs(s).Products, ResultFailed) }},
		{f.WriteOptOut, "an opt-out", func(s config.Sync) Result { return when(s.Clients.WriteBack, ResultFailed) }},
		{f.ActivityLog, "nothing can be noted", func(s config.Sync) Result { return when(s.Clients.WriteBack, ResultWarning) }},
	}
}

func needs(s config.Sync) whmcs.Wish { return Policy(s).Needs() }

func when(used bool, result Result) Result {
	if used {
		return result
	}
	return ResultOK
}

// powers proves what the syncs of a source make use of. What nobody uses need not be granted.
func (c *checker) powers(s subject, f whmcs.Features) []Finding {
	var found []Finding
	for _, p := range powersOf(f) {
		if p.there {
			continue
		}
		for _, name := range c.readers(s) {
			if result := p.means(c.Config.Syncs[name]); result != ResultOK {
				detail, hint := missingWords(f, p)
				found = append(found, Finding{Name: s.name, Subject: s.subject, Result: result, Detail: name + ": " + detail, Hint: hint})
			}
		}
	}
	return found
}

// missingWords splits what the probe said into what is missing and the way out.
func missingWords(f whmcs.Features, p power) (detail, hint string) {
	i := slices.IndexFunc(f.Missing, func(line string) bool { return strings.HasPrefix(line, p.words) })
	if i < 0 {
		return p.words + " are missing", ""
	}
	detail, hint, _ = strings.Cut(f.Missing[i], "; if it is wanted: ")
	return detail, hint
}
