package httpx_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

func TestTroubleOnTheWay(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	t.Cleanup(func() { close(gone) })
	hang := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	}
	half := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"id":`)
		w.(http.Flusher).Flush()
		hang(w, r)
	}
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	short := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"id": 1}`)
	}
	plain := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, `{"id": 1, "name": "Ada Lovelace"}`)
	}
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = fmt.Fprintf(packed, `{"id": %0100000d}`, 1)
		_ = packed.Close()
	}
	for _, tc := range []struct {
		name     string
		handler  http.HandlerFunc
		patience time.Duration
		want     fault.Class
		says     string
	}{
		{"no answer in time may work next time", hang, 200 * time.Millisecond, fault.Transient, "no answer within 200ms"},
		{"half a body in time may work next time", half, 200 * time.Millisecond, fault.Transient, "within 200ms"},
		{"a cut connection may work next time", cut, 0, fault.Transient, "the connection was cut before the answer"},
		{"a body that ends early breaks the protocol", short, 0, fault.Protocol, "the answer ends before its end"},
		{"a body that is too long breaks the protocol", answers(200, fmt.Sprintf(`{"id": %02000d}`, 1)), 0, fault.Protocol, "longer than 1000 bytes"},
		{"one that becomes too long when it is unpacked, too", bomb, 0, fault.Protocol, "longer than 1000 bytes"},
		{"a body that is not packed as it says breaks the protocol", plain, 0, fault.Protocol, "not compressed as it says"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			client := setup(t, tc.handler, func(c *httpx.Config) { c.Timeout, c.MaxBody = tc.patience, 1000 })
			var out struct{ ID int }
			_, err := client.Do(t.Context(), httpx.Request{Op: "look", Path: "/x", Query: url.Values{"key": {secret}}, Out: &out})
			if !fault.Is(err, tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
			if !strings.Contains(fmt.Sprint(err), tc.says) {
				t.Errorf("got %v, which does not say %q", err, tc.says)
			}
			assertClean(t, err)
		})
	}
}
