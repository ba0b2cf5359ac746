package mail_test

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/mail"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// process is a mail server of another make, and the configuration of it.
func process(t *testing.T, as testkit.MailServer) (*testkit.MailProcess, mail.Config) {
	t.Helper()
	server := testkit.SMTPProcess(t, as)
	c := mail.Config{Host: server.Host, Port: server.Port, From: `"Zoë, billing" <sync@müller.example>`, Roots: server.Roots, TLS: mail.Plain}
	switch {
	case as.TLS:
		c.TLS = mail.TLS
	case as.StartTLS:
		c.TLS = mail.StartTLS
	}
	c.Username, c.Password = as.Username, as.Password
	return server, c
}

// read is a mail as a mail program reads it: decoded headers, and the forms by their type.
func read(t *testing.T, raw string) (head netmail.Header, forms map[string]string) {
	t.Helper()
	letter, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(letter.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	forms = map[string]string{}
	for parts := multipart.NewReader(letter.Body, params["boundary"]); ; {
		part, err := parts.NextPart() // it undoes quoted-printable
		if errors.Is(err, io.EOF) {
			return letter.Header, forms
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		forms[kind] = string(body)
	}
}

// What is sent must be read by programs that are not ours.
func TestARealServerTakesAMailInEveryTongue(t *testing.T) {
	t.Parallel()
	for name, as := range map[string]testkit.MailServer{
		"over STARTTLS, signed in": {StartTLS: true, Username: "sync", Password: password},
		"over TLS, signed in":      {TLS: true, Username: "sync", Password: password},
		"without either":           {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, c := process(t, as)
			recipients := []string{"ana@example.com", "ops@bücher.example", "用户@例え.テスト", `"o'hara, pat"@example.com`}
			taken, err := send(t.Context(), c, recipients...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(recipients, taken); diff != "" {
				t.Errorf("taken (-want +got):\n%s", diff)
			}
			received := server.Received()
			var envelopes []testkit.ReceivedMail
			for _, got := range received {
				got.Data = ""
				envelopes = append(envelopes, got)
			}
			const from = "sync@xn--mller-kva.example"
			want := []testkit.ReceivedMail{
				{From: from, To: []string{"ana@example.com"}, User: as.Username},
				{From: from, To: []string{"ops@xn--bcher-kva.example"}, User: as.Username},
				{From: from, To: []string{"用户@xn--r8jz45g.xn--zckzah"}, UTF8: true, User: as.Username},
				{From: from, To: []string{`"o'hara, pat"@example.com`}, User: as.Username},
			}
			if diff := cmp.Diff(want, envelopes); diff != "" {
				t.Fatalf("envelopes (-want +got):\n%s", diff)
			}
			for i, got := range received {
				head, forms := read(t, got.Data)
				if diff := cmp.Diff(map[string]string{"text/plain": "plain: müller.example", "text/html": "<p>rich: müller.example</p>"}, forms); diff != "" {
					t.Errorf("forms (-want +got):\n%s", diff)
				}
				sender, err := head.AddressList("From")
				if err != nil || cmp.Diff([]*netmail.Address{{Name: "Zoë, billing", Address: from}}, sender) != "" {
					t.Errorf("from %v, %v", sender, err)
				}
				to, err := head.AddressList("To")
				if err != nil || len(to) != 1 || to[0].String() != (&netmail.Address{Address: strings.ReplaceAll(want[i].To[0], `"`, "")}).String() {
					t.Errorf("to %v, %v", to, err)
				}
				if id := head.Get("Message-Id"); id != "<op-domains.12.1@xn--mller-kva.example>" {
					t.Errorf("message id %q", id)
				}
				subject, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
				if subject != message().Subject || err != nil {
					t.Errorf("subject %q, %v", subject, err)
				}
				for line := range strings.Lines(got.Data) {
					if len(line) > 1000 {
						t.Errorf("a line of %d bytes, longer than SMTP allows", len(line))
					}
				}
			}
		})
	}
}

func TestARealServerLetsNobodyInWithAWrongPassword(t *testing.T) {
	t.Parallel()
	server, c := process(t, testkit.MailServer{StartTLS: true, Username: "sync", Password: password})
	c.Password = "wrong-" + password
	taken, err := send(t.Context(), c, "ana@example.com")
	if !fault.Is(err, fault.Auth) || len(taken)+len(server.Received()) != 0 || strings.Contains(err.Error(), password) {
		t.Errorf("taken %v, %v", taken, err)
	}
}

func TestALineBreakNeverBecomesAHeader(t *testing.T) {
	t.Parallel()
	server, c := process(t, testkit.MailServer{})
	m := message()
	m.Subject = "3 errors\r\nBcc: eve@example.com\r\n\r\n<script>"
	if err := mail.New(c).Send(t.Context(), m, []string{"ana@example.com"}, func(string) {}); err != nil {
		t.Fatal(err)
	}
	err := mail.New(c).Send(t.Context(), m, []string{"ana@example.com>\r\nRCPT TO:<eve@example.com"}, func(string) { t.Error("taken") })
	if !fault.Is(err, fault.Rejected) {
		t.Errorf("error %v", err)
	}
	received := server.Received()
	if len(received) != 1 {
		t.Fatalf("%d mails", len(received))
	}
	head, forms := read(t, received[0].Data)
	if head.Get("Bcc") != "" || len(forms) != 2 || len(received[0].To) != 1 {
		t.Errorf("a header came in:\n%s", received[0].Data)
	}
}

func TestAnAddressThatTheServerHasNoWordFor(t *testing.T) {
	t.Parallel()
	server := testkit.SMTP(t, testkit.MailServer{}) // it offers no SMTPUTF8
	taken, err := send(t.Context(), to(server, mail.Plain), "用户@example.com", "ops@bücher.example")
	if !fault.Is(err, fault.Rejected) || !strings.Contains(err.Error(), "SMTPUTF8") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"ops@bücher.example"}, taken); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
}
