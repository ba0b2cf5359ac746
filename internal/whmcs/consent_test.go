package whmcs_test

import (
	"fmt"
	"testing"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

func TestMayMail(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name          string
		rule          whmcs.Consent
		optOut, optIn bool
		columnExists  bool
		want          bool
	}{
		{"opt_in wants both flags right", whmcs.ConsentOptIn, false, true, true, true},
		{"opt_in without opting in is no", whmcs.ConsentOptIn, false, false, true, false},
		{"opting out beats opting in", whmcs.ConsentOptIn, true, true, true, false},
		{"before the column existed the older flag decides", whmcs.ConsentOptIn, false, false, false, true},
		{"the older flag says no", whmcs.ConsentOptIn, true, false, false, false},
		{"not_opted_out needs no opting in", whmcs.ConsentNotOptedOut, false, false, true, true},
		{"not_opted_out heeds the older flag", whmcs.ConsentNotOptedOut, true, true, true, false},
		{"all is everybody", whmcs.ConsentAll, true, false, true, true},
		{"an unknown rule is nobody", whmcs.Consent("everyone"), false, true, true, false},
		{"no rule is nobody", "", false, true, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			client := whmcs.Client{OptOut: tc.optOut, OptIn: tc.optIn}
			if got := client.MayMail(tc.rule, tc.columnExists); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestMailFlagsReadWhatTheyWrote(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		flags := whmcs.MailFlags{OptOut: i&1 > 0, HasOptIn: i&2 > 0, OptIn: i&4 > 0 && i&2 > 0}
		got, err := whmcs.ParseMailFlags(flags.String())
		if err != nil || got != flags {
			t.Errorf("%q read as %+v (%v), want %+v", flags, got, err, flags)
		}
	}
	for _, text := range []string{"", "emailoptout=2", "emailoptout=0 ", "marketing_emails_opt_in=1"} {
		if _, err := whmcs.ParseMailFlags(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func ExampleMailFlags_String() {
	fmt.Println(whmcs.MailFlags{OptIn: true, HasOptIn: true})
	fmt.Println(whmcs.OptedOut(false))
	// Output:
	// emailoptout=0 marketing_emails_opt_in=1
	// emailoptout=1
}
