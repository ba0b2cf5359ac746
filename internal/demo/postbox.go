package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"time"

	"github.com/emersion/go-smtp"
)

// postbox is the mail server of the demo: it delivers to nobody and puts every mail into a folder.
type postbox struct {
	dir      string
	listener net.Listener
	server   *smtp.Server
	letters  chan Letter
	n        int // by the server's one session at a time
}

// Letter is a mail that was sent.
type Letter struct {
	Subject string `json:"subject"`
	To      string `json:"to"`
	File    string `json:"file"` // its HTML, for a browser
}

func openPostbox(dir string) (*postbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &postbox{dir: dir, listener: listener, letters: make(chan Letter, 100)}
	p.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{postbox: p}, nil }))
	p.server.Domain, p.server.MaxMessageBytes = "localhost", 64<<20
	go func() { _ = p.server.Serve(listener) }() // ends with close
	return p, nil
}

func (p *postbox) addr() string { return p.listener.Addr().String() }

func (p *postbox) close() { _ = p.server.Close() }

// next waits for a mail.
func (p *postbox) next(ctx context.Context) (Letter, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, errors.New("the report was not mailed within 30 seconds"))
	defer cancel()
	select {
	case letter := <-p.letters:
		return letter, nil
	case <-ctx.Done():
		return Letter{}, context.Cause(ctx)
	}
}

// delivery is one connection to the postbox.
type delivery struct{ postbox *postbox }

func (delivery) Reset()                               {}
func (delivery) Logout() error                        { return nil }
func (delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (delivery) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Data implements smtp.Session.
func (d delivery) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	html, err := htmlOf(message)
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		return err
	}
	d.postbox.n++
	letter := Letter{Subject: subject, To: message.Header.Get("To"), File: filepath.Join(d.postbox.dir, fmt.Sprintf("%d.html", d.postbox.n))}
	if err := os.WriteFile(letter.File, html, 0o600); err != nil {
		return err
	}
	d.postbox.letters <- letter
	return nil
}

// htmlOf is the HTML form of a mail that has several.
func htmlOf(message *mail.Message) ([]byte, error) {
	_, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return nil, fmt.Errorf("look for the HTML of the mail: %w", err)
		}
		if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind == "text/html" {
			return io.ReadAll(quotedprintable.NewReader(part))
		}
	}
}
