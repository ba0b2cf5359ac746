package registrartest

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar"
)

func (k kit) session(t *testing.T) {
	t.Parallel()
	t.Run("a token that ends while listing is renewed once", k.renewsToken)
}

func (k kit) renewsToken(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Hold(domains(3 * h.PageSize)...)
	expired := false
	pages := walk(t, power[registrar.Lister](h), "", func(registrar.Page) {
		if !expired {
			expired = true
			h.Session.Expire()
		}
	})
	same(t, "names", names(domains(3*h.PageSize)), names(flat(pages)))
	same(t, "logins", 2, h.Session.Logins())
}
