package wire_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/wire"
)

func TestEveryCodeHasItsClass(t *testing.T) {
	t.Parallel()
	for class, codes := range map[fault.Class][]int{
		fault.Transient:   {10, 17, 340, 199, 399, 502, 999, 4004, 12345},
		fault.NotFound:    {98, 99, 320, 363, 365, 500},
		fault.Auth:        {196, 10005, 10006, 10009},
		fault.Rejected:    {197, 308, 309, 17001, 310, 920, 324, 325, 19307, 327, 347, 16006, 366, 397, 515, 376, 871, 4001, 4002, 4003, 4006, 19003, 19006, 19007},
		fault.RateLimited: {4005, 4007},
	} {
		for _, code := range codes {
			for _, status := range []int{200, 500} {
				client, _ := against(t, status, fmt.Appendf(nil, `{"code": %d, "desc": "because", "data": "so"}`, code))
				_, err := client.List(t.Context(), wire.Query{Op: "look up", FullName: "example.com"})
				if fault.ClassOf(err) != class || !strings.Contains(err.Error(), fmt.Sprintf("code %d: because: so", code)) {
					t.Errorf("HTTP %d, code %d: want %s: %v", status, code, class, err)
				}
				if wait := fault.RetryAfter(err); (wait > 0) != (class == fault.RateLimited) {
					t.Errorf("code %d: retry in %s", code, wait)
				}
			}
		}
	}
}

func TestAnAnswerIsJudgedByWhatItSays(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		body   string
		want   fault.Class
	}{
		{500, `{"code": 0, "desc": ""}`, fault.Transient},
		{500, `{"code": 0, "maintenance": true}`, fault.RateLimited},
		{200, `{"code": 0, "maintenance": true, "data": {"results": null, "total": 0}}`, fault.RateLimited},
		{500, `{"code": 320, "maintenance": true}`, fault.RateLimited},
		{500, `{"code": 196, "maintenance": true}`, fault.RateLimited},
		{500, `{"code": 77, "desc": "Calls limit has been reached"}`, fault.RateLimited},
		{422, `{"code": 77777, "desc": "no"}`, fault.Rejected},
		{403, `{"code": 77777, "desc": "no"}`, fault.Auth},
		{429, `{"code": 77777, "desc": "no"}`, fault.RateLimited},
		{503, `{"code": 77777, "desc": "no"}`, fault.Transient},
		{404, `{"code": 320}`, fault.NotFound},
		{404, `not found`, fault.Protocol},
		{500, `broken`, fault.Transient},
		{500, `{"message": "no"}`, fault.Transient},
		{200, `{"results": []}`, fault.Protocol},
	} {
		client, _ := against(t, tc.status, []byte(tc.body))
		_, err := client.List(t.Context(), wire.Query{Op: "look up", FullName: "example.com"})
		if fault.ClassOf(err) != tc.want {
			t.Errorf("HTTP %d %s: want %s: %v", tc.status, tc.body, tc.want, err)
		}
	}
}

func TestNotFoundAnswersOnlyWhoAskedForAName(t *testing.T) {
	t.Parallel()
	client, _ := against(t, 500, fixture(t, "error.json"))
	_, err := client.List(t.Context(), wire.Query{Op: "list"})
	wantClass(t, err, fault.Protocol)
	_, err = client.Change(t.Context(), "change", "7", wire.Change{AutoRenew: "off"})
	wantClass(t, err, fault.Rejected)
}

func TestNothingToChangeIsASuccess(t *testing.T) {
	t.Parallel()
	for _, code := range []int{1, 18} {
		client, _ := against(t, 500, fmt.Appendf(nil, `{"code": %d, "desc": "nothing has changed"}`, code))
		_, err := client.Change(t.Context(), "change", "7", wire.Change{AutoRenew: "off"})
		wantClass(t, err, "")
	}
}

func TestMaintenanceLeavesOpenWhetherAnOrderWasCarriedOut(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]fault.Class{
		`{"code": 0, "maintenance": true}`: fault.Transient, `{"code": 399, "maintenance": true}`: fault.Transient,
		`{"code": 310, "maintenance": true}`: fault.Rejected,
	} {
		client, _ := against(t, 500, []byte(body))
		_, err := client.Renew(t.Context(), "renew", "7", 1)
		wantClass(t, err, want)
	}
}

func TestALimitSaysHowLong(t *testing.T) {
	t.Parallel()
	client, _ := against(t, 500, []byte(`{"code": 4007, "desc": "blocked"}`))
	_, err := client.List(t.Context(), wire.Query{Op: "list"})
	same(t, 300*time.Second, fault.RetryAfter(err))
}

func TestATokenIsRefusedByItsCodeOrStatus(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][2]bool{ // with HTTP 500 and with 401
		`{"code": 196}`: {true, true}, `{"code": 10005}`: {false, false}, `{"code": 10006}`: {false, false},
		`{"code": 0}`: {false, true}, `{"code": 77777}`: {false, true}, `<html>`: {false, true}, ``: {false, true},
	} {
		got := [2]bool{
			wire.TokenRefused(http.StatusInternalServerError, []byte(body)), wire.TokenRefused(http.StatusUnauthorized, []byte(body)),
		}
		if got != want {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
}

func wantClass(t *testing.T, err error, want fault.Class) {
	t.Helper()
	if got := fault.ClassOf(err); got != want {
		t.Errorf("class %q, want %q: %v", got, want, err)
	}
}

func FuzzJudge(f *testing.F) {
	f.Add(500, fixture(f, "error.json"))
	f.Add(401, []byte(`{"code": 196, "desc": {}, "warnings": 7}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if wire.TokenRefused(status, body) && status != http.StatusUnauthorized && !strings.Contains(string(body), "196") {
			t.Fatalf("HTTP %d %s refuses no token", status, body)
		}
	})
}
