package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	err := &fault.Error{Class: fault.RateLimited, Account: "news", Op: "list subscribers (page 3)", RetryAfter: 30 * time.Second}
	if got, want := err.Error(), "news: list subscribers (page 3): rate limited, retry in 30s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestClassOf(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("batch 7: %w", fault.New(fault.Rejected, "news", "upsert", "email is invalid"))
	for _, tc := range []struct {
		name string
		err  error
		want fault.Class
	}{
		{"no error has no class", nil, ""},
		{"a wrapped error keeps its class", wrapped, fault.Rejected},
		{"an unclassified error is worth another try", errors.New("boom"), fault.Transient},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := fault.ClassOf(tc.err); got != tc.want {
				t.Errorf("ClassOf = %q, want %q", got, tc.want)
			}
		})
	}
}

func ExampleNew() {
	err := fault.New(fault.Auth, "news", "ping", "HTTP 401")
	fmt.Println(err)
	fmt.Println(fault.ClassOf(err))
	// Output:
	// news: ping: credentials refused: HTTP 401
	// auth
}

func TestAdviceIsPartedFromWhatIsWrong(t *testing.T) {
	t.Parallel()
	advised := fault.New(fault.Auth, "main", "read", "%w", fault.Advise(errors.New("not allowed"), "GRANT it"))
	for _, tc := range []struct {
		name      string
		err       error
		text, way string
	}{
		{"an error without advice is whole", errors.New("boom; bang"), "boom; bang", ""},
		{"what stands before the cause is kept", advised, "main: read: credentials refused: not allowed", "GRANT it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if text, way := fault.Advice(tc.err); text != tc.text || way != tc.way {
				t.Errorf("%q, %q", text, way)
			}
		})
	}
	if want := "main: read: credentials refused: not allowed; GRANT it"; advised.Error() != want {
		t.Errorf("together they read %q", advised)
	}
}
