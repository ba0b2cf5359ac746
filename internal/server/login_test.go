package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/server"
)

const form = "application/x-www-form-urlencoded"

func TestSignInByTheForm(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := browser(t)
	away := b.askWith(t, client, http.MethodGet, "/runs?x=1", "", with("Accept", "text/html"))
	if diff := cmp.Diff("/login?next=%2Fruns%3Fx%3D1", away.header.Get("Location")); diff != "" || away.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", away.status, diff)
	}
	in := b.signIn(t, client, "bob", "bob's password")
	if diff := cmp.Diff("/runs", in.header.Get("Location")); diff != "" || in.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", in.status, diff)
	}
	page := b.askWith(t, client, http.MethodGet, "/", "")
	if page.status != http.StatusOK || !strings.Contains(page.body, "bob <small>operator</small>") {
		t.Fatalf("%d %s", page.status, page.body)
	}

	t.Run("the cookie is of no use to scripts and other sites", func(t *testing.T) {
		cookies := strings.Join(in.header.Values("Set-Cookie"), "\n")
		if !strings.Contains(cookies, "HttpOnly; SameSite=Lax") || strings.Contains(cookies, "Secure") {
			t.Error(cookies)
		}
	})
	t.Run("it ends after twelve hours", func(t *testing.T) {
		b.clock.pass(12*time.Hour + time.Second)
		if late := b.askWith(t, client, http.MethodGet, "/", ""); late.status != http.StatusUnauthorized {
			t.Error(late.status)
		}
	})
}

func TestCookiesInsistOnHTTPSWhereThereIsSome(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *server.Config, _ *server.Deps) { c.PublicURL = "https://sync.example.com" })
	got := b.ask(t, http.MethodGet, "/login", "")
	cookie := got.header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-whmcsync_form=") || !strings.Contains(cookie, "; Secure") {
		t.Error(cookie)
	}
}

func TestSignOutEndsTheSessionItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := browser(t)
	b.signIn(t, client, "ann", "ann's password")
	base, err := url.Parse(b.base)
	if err != nil {
		t.Fatal(err)
	}
	stolen := client.Jar.Cookies(base)
	page := b.askWith(t, client, http.MethodGet, "/", "")

	if got := b.askWith(t, client, http.MethodPost, "/logout", "token=guess", with("Content-Type", form)); got.status != http.StatusForbidden {
		t.Errorf("a forged form signs out: %d", got.status)
	}
	token := url.Values{"token": {field(t, page.body, "token")}}
	if got := b.askWith(t, client, http.MethodPost, "/logout", token.Encode(), with("Content-Type", form)); got.status != http.StatusSeeOther {
		t.Errorf("%d %s", got.status, got.body)
	}
	for name, c := range map[string]*http.Client{"the browser": client, "a copy of the cookie": browser(t)} {
		c.Jar.SetCookies(base, stolen)
		if got := b.askWith(t, c, http.MethodGet, "/", ""); got.status != http.StatusUnauthorized {
			t.Errorf("%s is still let in: %d", name, got.status)
		}
	}
}

func TestForgedSessionsAreWorthNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := browser(t)
	in := b.signIn(t, client, "ann", "ann's password")
	good, _, _ := strings.Cut(strings.TrimPrefix(in.header.Get("Set-Cookie"), "whmcsync_session="), ";")
	parts := strings.Split(good, ".")
	if len(parts) != 4 {
		t.Fatal(good)
	}
	for name, value := range map[string]string{
		"another name":      strings.Join([]string{parts[0], parts[1], "Ym9i", parts[3]}, "."),
		"a later end":       strings.Join([]string{parts[0], "99999999999", parts[2], parts[3]}, "."),
		"another id":        strings.Join([]string{"00", parts[1], parts[2], parts[3]}, "."),
		"no signature":      strings.Join([]string{parts[0], parts[1], parts[2], ""}, "."),
		"of another server": strings.TrimSpace(otherSession(t)),
		"nonsense":          "....",
		"nothing":           "",
	} {
		got := b.ask(t, http.MethodGet, "/", "", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "whmcsync_session", Value: value}) })
		if got.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, got.status)
		}
	}
}

// otherSession is a session of a server that has another key, as after a restart.
func otherSession(t *testing.T) string {
	t.Helper()
	in := setup(t).signIn(t, browser(t), "ann", "ann's password")
	value, _, _ := strings.Cut(strings.TrimPrefix(in.header.Get("Set-Cookie"), "whmcsync_session="), ";")
	return value
}

func TestLoginFormIsProtected(t *testing.T) {
	t.Parallel()
	b := setup(t)
	values := url.Values{"name": {"ann"}, "password": {"ann's password"}}
	t.Run("without the token it is refused", func(t *testing.T) {
		got := b.ask(t, http.MethodPost, "/login", values.Encode(), with("Content-Type", form))
		if got.status != http.StatusForbidden || strings.Contains(got.header.Get("Set-Cookie"), "whmcsync_session") {
			t.Error(got.status)
		}
	})
	t.Run("with the token of another browser it is refused", func(t *testing.T) {
		theirs := b.ask(t, http.MethodGet, "/login", "")
		client := browser(t)
		b.askWith(t, client, http.MethodGet, "/login", "")
		forged := url.Values{"name": {"ann"}, "password": {"ann's password"}, "token": {field(t, theirs.body, "token")}}
		got := b.askWith(t, client, http.MethodPost, "/login", forged.Encode(), with("Content-Type", form))
		if got.status != http.StatusForbidden {
			t.Error(got.status)
		}
	})
	t.Run("from another site it is refused", func(t *testing.T) {
		got := b.ask(t, http.MethodPost, "/login", values.Encode(), with("Content-Type", form), with("Sec-Fetch-Site", "cross-site"))
		if got.status != http.StatusForbidden {
			t.Error(got.status)
		}
	})
	t.Run("it never leads to another site", func(t *testing.T) {
		for _, next := range []string{"//evil.example", "https://evil.example/", `/\evil.example`, "javascript:alert(1)", "/\t/evil.example", "evil"} {
			got := b.ask(t, http.MethodGet, "/login?next="+url.QueryEscape(next), "")
			if diff := cmp.Diff("/", field(t, got.body, "next")); diff != "" {
				t.Errorf("%s\n%s", next, diff)
			}
		}
	})
}

func TestWrongPasswordsAreCounted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tries := func(n int, name, password string) (statuses []int) {
		for range n {
			statuses = append(statuses, b.ask(t, http.MethodGet, "/", "", basic(name, password)).status)
		}
		return statuses
	}
	if diff := cmp.Diff([]int{401, 401, 401, 401, 401, 429}, tries(6, "bob", "guess")); diff != "" {
		t.Error(diff)
	}
	t.Run("the right one does not help until the minute is over", func(t *testing.T) {
		if diff := cmp.Diff([]int{429}, tries(1, "bob", "bob's password")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("the form counts as well", func(t *testing.T) {
		got := b.signIn(t, browser(t), "bob", "bob's password")
		if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" || !strings.Contains(got.body, "wait a minute") {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("others are not locked out", func(t *testing.T) {
		if diff := cmp.Diff([]int{200, 200}, tries(2, "ann", "ann's password")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("names cannot be tried out in bulk", func(t *testing.T) {
		var got []int
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			got = append(got, tries(1, name, "x")...)
		}
		if diff := cmp.Diff([]int{401, 401, 401, 401, 401, 429}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("after a minute the right one opens again", func(t *testing.T) {
		b.clock.pass(time.Minute)
		if diff := cmp.Diff([]int{200}, tries(1, "bob", "bob's password")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a right one is not counted, however often", func(t *testing.T) {
		if diff := cmp.Diff([]int{200, 200, 200, 200, 200, 200, 200}, tries(7, "bob", "bob's password")); diff != "" {
			t.Error(diff)
		}
	})
}
