package whmcs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

func TestDecodeText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, stored, want string }{
		{"plain text stays", "Ana García", "Ana García"},
		{"named entities are decoded", "Jos&eacute; &amp; Sons", "José & Sons"},
		{"numbered entities are decoded", "O&#039;Brien &#x26; Co", "O'Brien & Co"},
		{"text encoded twice is decoded once", "O&amp;#039;Brien", "O&#039;Brien"},
		{"a name without a semicolon is no entity", "R&Dlt &copy", "R&Dlt &copy"},
		{"an unknown name stays", "&notanentity; &nosuch;", "&notanentity; &nosuch;"},
		{"an encoded semicolon", "a&#59;b", "a;b"},
		{"blanks and invisible characters around it go", "\u00a0 \ufeffAna\u200b ", "Ana"},
		{"line breaks and tabs become blanks", "one\ntwo\tthree", "one two three"},
		{"other control characters go", "a\x00b\x07c\u0085d", "abcd"},
		{"an encoded NUL is no NUL", "a&#0;b", "a\ufffdb"},
		{"broken bytes are replaced", "a\xffb", "a\ufffdb"},
		{"emoji stay", "Ana 😀", "Ana 😀"},
		{"nothing stays nothing", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, whmcs.DecodeText(tc.stored)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLocale(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, language := range []string{"english", "Spanish", " german ", "portuguese-br", "portuguese-pt", "ukranian", "ukrainian", "farsi", "klingon", ""} {
		got[language] = whmcs.Locale(language)
	}
	want := map[string]string{
		"english": "en", "Spanish": "es", " german ": "de", "portuguese-br": "pt", "portuguese-pt": "pt",
		"ukranian": "uk", "ukrainian": "uk", "farsi": "fa", "klingon": "", "": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
