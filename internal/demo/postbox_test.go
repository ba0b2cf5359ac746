package demo

import (
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/mail"
)

func TestThePostboxKeepsTheHTMLOfWhatItIsSent(t *testing.T) {
	t.Parallel()
	box, err := openPostbox(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(box.close)
	host, port, err := net.SplitHostPort(box.addr())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	sender := mail.New(mail.Config{Host: host, Port: number, From: "whmcsync@example.com", TLS: mail.Plain})
	message := mail.Message{ID: "1@example.com", Subject: "Bücher", HTML: "<p>Zwölf – 100 %</p>", Text: "Zwölf", Date: time.Now()}
	if err := sender.Send(t.Context(), message, []string{"ops@example.com"}, func(string) {}); err != nil {
		t.Fatal(err)
	}
	letter, err := box.next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(letter.File)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{letter.To, letter.Subject, string(html)}
	if diff := cmp.Diff([]string{"<ops@example.com>", message.Subject, message.HTML}, got); diff != "" {
		t.Errorf("what was kept (-want +got):\n%s", diff)
	}
}
