package realtimeregister

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister/wire"
)

// fresh is how long the rules of an extension are believed.
const fresh = 24 * time.Hour

// extensions knows the rules of extensions, and asks for those it does not know.
type extensions struct {
	wire  wire.Client
	clock func() time.Time

	mu    sync.Mutex
	known map[string]entry
}

type entry struct {
	rules rules
	read  time.Time
}

func newExtensions(api wire.Client, clock func() time.Time) *extensions {
	return &extensions{wire: api, clock: clock, known: map[string]entry{}}
}

// of returns the rules for a name. That there are none to be found is no error, and remembered as well: the rules are
// unknown then. Two callers may ask for the same extension at once.
func (e *extensions) of(ctx context.Context, name registrar.Name) (rules, error) {
	_, extension := name.Split()
	if r, ok := e.remembered(extension); ok {
		return r, nil
	}
	r, err := e.ask(ctx, extension)
	if fault.Is(err, fault.NotFound) {
		err = nil
	}
	if err == nil {
		e.remember(r, extension)
	}
	return r, err
}

// ask tries the extension as WHMCS cuts it, and then what is behind its first dot: first.last.name is sold as .name.
func (e *extensions) ask(ctx context.Context, extension string) (rules, error) {
	answer, err := e.wire.Extension(ctx, extension)
	if _, rest, ok := strings.Cut(extension, "."); ok && fault.Is(err, fault.NotFound) {
		return e.ask(ctx, rest)
	}
	if err != nil {
		return rules{}, err
	}
	r := rulesOf(answer.Metadata)
	for _, other := range answer.Also {
		e.remember(r, string(other))
	}
	return r, nil
}

func (e *extensions) remembered(extension string) (rules, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	entry, ok := e.known[extension]
	return entry.rules, ok && e.clock().Sub(entry.read) < fresh
}

func (e *extensions) remember(r rules, extension string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.known[extension] = entry{r, e.clock()}
}
