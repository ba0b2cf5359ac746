package memory

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/whmcsync/whmcsync/internal/registrar"
)

// Hold puts names into the account, spelled in any way, each in place of what it held. A name without an ID gets one. It
// panics for what cannot be a name.
func (a *Account) Hold(domains ...registrar.Domain) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, d := range domains {
		d.Name = canonical(d.Name)
		h := a.held[d.Name]
		if h == nil {
			a.last++
			h = &holding{number: a.last}
			a.held[d.Name] = h
		}
		d.ID = cmp.Or(d.ID, strconv.Itoa(h.number))
		h.domain = d
		delete(a.departed, d.Name)
	}
}

// Remove lets names vanish without a trace.
func (a *Account) Remove(names ...registrar.Name) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range names {
		delete(a.held, canonical(name))
	}
}

// Depart lets a name leave, with evidence for Departed.
func (a *Account) Depart(name registrar.Name, how registrar.Departure) {
	a.Remove(name)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.departed[canonical(name)] = how
}

// Transferring adds transfers in, each in place of the one its name had.
func (a *Account) Transferring(transfers ...registrar.Transfer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, transfer := range transfers {
		transfer.Name = canonical(transfer.Name)
		a.transfers[transfer.Name] = transfer
	}
}

// Swear says what Testify is to answer about a name.
func (a *Account) Swear(name registrar.Name, testimony registrar.Testimony) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.testimony[canonical(name)] = testimony
}

// Holds returns what the account has of a name, spelled in any way.
func (a *Account) Holds(name registrar.Name) (registrar.Domain, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h, ok := a.held[canonical(name)]
	if !ok {
		return registrar.Domain{}, false
	}
	return h.domain, true
}

// Writes counts the settings of a name that were written.
func (a *Account) Writes(name registrar.Name) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if h, ok := a.held[canonical(name)]; ok {
		return h.writes
	}
	return 0
}

// Fail lets the next calls of a method ("Get", "ListPage", ...) end with these errors, one each, and do nothing. A nil
// among them lets one call go well.
func (a *Account) Fail(call string, errs ...error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures[call] = slices.Clone(errs)
}

// Calls counts how often a method was called, failed calls too.
func (a *Account) Calls(call string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls[call]
}

func canonical(name registrar.Name) registrar.Name {
	parsed, err := registrar.ParseName(string(name))
	if err != nil {
		panic(err)
	}
	return parsed
}
