package mail_test

import (
	"context"
	"io"
	"mime"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/mail"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "p4ssw0rd-of-the-mail-server"

// to is a sender to a test's server, as a configuration of it would be.
func to(server *testkit.SMTPServer, tls string) mail.Config {
	return mail.Config{Host: server.Host, Port: server.Port, From: "whmcsync <sync@example.com>", TLS: tls, Roots: server.Roots}
}

func signedIn(c mail.Config) mail.Config {
	c.Username, c.Password = "sync", password
	return c
}

func message() mail.Message {
	return mail.Message{
		ID: "op-domains.12.1", Subject: "Domänen: 3 Änderungen — 日本", Text: "plain: müller.example", HTML: "<p>rich: müller.example</p>",
		Date: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC),
	}
}

// send sends the message and returns those whom it was taken for.
func send(ctx context.Context, c mail.Config, recipients ...string) (taken []string, err error) {
	err = mail.New(c).Send(ctx, message(), recipients, func(recipient string) { taken = append(taken, recipient) })
	return taken, err
}

func TestAMailArrives(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		as  testkit.MailServer
		tls string
	}{
		"over STARTTLS, signed in":                    {testkit.MailServer{StartTLS: true, Username: "sync", Password: password}, mail.StartTLS},
		"over TLS, signed in":                         {testkit.MailServer{TLS: true, Username: "sync", Password: password}, mail.TLS},
		"without TLS on this very machine, signed in": {testkit.MailServer{Username: "sync", Password: password}, mail.Plain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testkit.SMTP(t, tc.as)
			taken, err := send(t.Context(), signedIn(to(server, tc.tls)), "ana@example.com", "bob@example.com")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"ana@example.com", "bob@example.com"}, taken); diff != "" {
				t.Errorf("taken (-want +got):\n%s", diff)
			}
			var to [][]string
			for _, got := range server.Received() {
				to = append(to, got.To)
			}
			if diff := cmp.Diff([][]string{{"ana@example.com"}, {"bob@example.com"}}, to); diff != "" {
				t.Errorf("recipients (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheHeadersOfAMail(t *testing.T) {
	t.Parallel()
	server := testkit.SMTP(t, testkit.MailServer{})
	for range 2 {
		if _, err := send(t.Context(), to(server, mail.Plain), "ana@example.com"); err != nil {
			t.Fatal(err)
		}
	}
	type head struct{ ID, Subject, From, To, Auto, Date string }
	var got []head
	for _, received := range server.Received() {
		read, err := netmail.ReadMessage(strings.NewReader(received.Data))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		h := read.Header
		got = append(got, head{h.Get("Message-Id"), subject, h.Get("From"), h.Get("To"), h.Get("Auto-Submitted"), h.Get("Date")})
		body, err := io.ReadAll(read.Body)
		if err != nil || !strings.Contains(string(body), "rich: m=C3=BCller.example") || !strings.Contains(string(body), "plain: m=C3=BCller.example") {
			t.Errorf("a form is missing (%v):\n%s", err, body)
		}
	}
	one := head{
		"<op-domains.12.1@example.com>", "Domänen: 3 Änderungen — 日本", `"whmcsync" <sync@example.com>`, "<ana@example.com>", "auto-generated",
		"Sat, 21 Nov 2026 08:00:00 +0000",
	}
	if diff := cmp.Diff([]head{one, one}, got); diff != "" {
		t.Errorf("sent twice (-want +got):\n%s", diff)
	}
}

// blocked is a server that takes a connection and says what it is told, or nothing.
func blocked(t *testing.T, says string) mail.Config {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, says)
			defer conn.Close()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-ended
	})
	return mail.Config{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, From: "sync@example.com", TLS: mail.Plain, Patience: 200 * time.Millisecond}
}

func dead(t *testing.T) mail.Config {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return mail.Config{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, From: "sync@example.com", TLS: mail.Plain}
}

func TestWhatAServerDoesHasItsClass(t *testing.T) {
	t.Parallel()
	serve := func(as testkit.MailServer, tls string) func(*testing.T) mail.Config {
		return func(t *testing.T) mail.Config { return signedIn(to(testkit.SMTP(t, as), tls)) }
	}
	wrong := func(c mail.Config) mail.Config { c.Password = "wrong-" + password; return c }
	for name, tc := range map[string]struct {
		config func(*testing.T) mail.Config
		class  fault.Class
		says   string
	}{
		"a password that it does not take": {func(t *testing.T) mail.Config {
			return wrong(serve(testkit.MailServer{StartTLS: true, Username: "sync", Password: password}, mail.StartTLS)(t))
		}, fault.Auth, "535"},
		"nobody signs in where one has to": {func(t *testing.T) mail.Config {
			return to(testkit.SMTP(t, testkit.MailServer{Username: "sync", Password: password}), mail.Plain)
		}, fault.Auth, "530"},
		"no STARTTLS where it is required": {serve(testkit.MailServer{Username: "sync", Password: password}, mail.StartTLS), fault.Refused, "does not support STARTTLS"},
		"no way to sign in":                {serve(testkit.MailServer{StartTLS: true}, mail.StartTLS), fault.Refused, "does not support SMTP AUTH"},
		"a certificate that nobody trusts": {func(t *testing.T) mail.Config {
			c := serve(testkit.MailServer{TLS: true}, mail.TLS)(t)
			c.Roots = nil
			return c
		}, fault.Refused, "certificate"},
		"only a method that shows the password, without TLS and on another machine": {func(t *testing.T) mail.Config {
			c := serve(testkit.MailServer{Username: "sync", Password: password}, mail.Plain)(t)
			c.Host = "[::ffff:127.0.0.1]" // a name for this machine that does not look like one
			return c
		}, fault.Refused, "unencrypted"},
		"nobody listens":             {dead, fault.Transient, "refused"},
		"it says nothing":            {func(t *testing.T) mail.Config { return blocked(t, "") }, fault.Transient, "timeout"},
		"it is too busy":             {func(t *testing.T) mail.Config { return blocked(t, "421 come back later\r\n") }, fault.Transient, "421"},
		"it does not want us at all": {func(t *testing.T) mail.Config { return blocked(t, "554 no service here\r\n") }, fault.Rejected, "554"},
		"it takes the mail and never says": {func(t *testing.T) mail.Config {
			c := to(testkit.SMTP(t, testkit.MailServer{Hang: true}), mail.Plain)
			c.Patience = 200 * time.Millisecond
			return c
		}, fault.Transient, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			taken, err := send(t.Context(), tc.config(t), "ana@example.com")
			if got := fault.ClassOf(err); got != tc.class || len(taken) != 0 {
				t.Fatalf("class %q, want %q; taken %v: %v", got, tc.class, taken, err)
			}
			if !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), password) {
				t.Errorf("error %q, want %q and no password", err, tc.says)
			}
		})
	}
}

func TestOneRecipientThatIsRefusedKeepsNobodyElseFromTheMail(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		refuse map[string]error
		taken  []string
		class  fault.Class
		says   []string
	}{
		"for good": {
			map[string]error{"gone@example.com": testkit.SMTPError(550, "no such user")},
			[]string{"ana@example.com", "full@example.com"},
			fault.Rejected,
			[]string{"gone@example.com", "550", "no such user"},
		},
		"for now, which is what decides": {map[string]error{
			"gone@example.com": testkit.SMTPError(550, "no such user"), "full@example.com": testkit.SMTPError(452, "mailbox full"),
		}, []string{"ana@example.com"}, fault.Transient, []string{"gone@example.com", "full@example.com", "452"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testkit.SMTP(t, testkit.MailServer{Refuse: tc.refuse})
			taken, err := send(t.Context(), to(server, mail.Plain), "gone@example.com", "ana@example.com", "full@example.com")
			if diff := cmp.Diff(tc.taken, taken); diff != "" {
				t.Errorf("taken (-want +got):\n%s", diff)
			}
			if !fault.Is(err, tc.class) {
				t.Errorf("error %v, want %s", err, tc.class)
			}
			for _, word := range tc.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not say %q", err, word)
				}
			}
		})
	}
}

func TestTheEndOfTheContextEndsASlowSend(t *testing.T) {
	t.Parallel()
	server := testkit.SMTP(t, testkit.MailServer{Hang: true})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := send(ctx, to(server, mail.Plain), "ana@example.com")
		ended <- err
	}()
	testkit.Eventually(t, 10*time.Second, func() (bool, string) { return server.Visits() == 1, "not connected" })
	cancel()
	if err := <-ended; !fault.Is(err, fault.Transient) {
		t.Errorf("error %v, want a transient one", err)
	}
}

func TestACheckSignsInAndSendsNothing(t *testing.T) {
	t.Parallel()
	server := testkit.SMTP(t, testkit.MailServer{StartTLS: true, Username: "sync", Password: password})
	if err := mail.New(signedIn(to(server, mail.StartTLS))).Check(t.Context()); err != nil {
		t.Error(err)
	}
	wrong := signedIn(to(server, mail.StartTLS))
	wrong.Password = "wrong"
	if err := mail.New(wrong).Check(t.Context()); !fault.Is(err, fault.Auth) {
		t.Errorf("error %v, want auth", err)
	}
	if got := server.Received(); len(got) != 0 || server.Visits() < 2 {
		t.Errorf("received %v in %d visits", got, server.Visits())
	}
}
