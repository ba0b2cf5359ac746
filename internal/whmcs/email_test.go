package whmcs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

func TestNormalizeEmail(t *testing.T) {
	t.Parallel()
	long64, long63 := strings.Repeat("l", 64), strings.Repeat("d", 63)
	for _, tc := range []struct {
		name, raw, want, problem string
	}{
		{"a plain address stays", "ana@example.test", "ana@example.test", ""},
		{"case does not matter", "Ana.Maria@Example.TEST", "ana.maria@example.test", ""},
		{"blanks around it go", " \tana@example.test  \r\n", "ana@example.test", ""},
		{"a no-break blank goes", "\u00a0ana@example.test\u00a0", "ana@example.test", ""},
		{"an encoded no-break blank goes", "&nbsp;ana@example.test", "ana@example.test", ""},
		{"zero-width characters and a byte order mark go", "\ufeff\u200bana@example.test\u200d", "ana@example.test", ""},
		{"a decimal entity is decoded", "o&#039;brien@example.test", "o'brien@example.test", ""},
		{"a hexadecimal entity is decoded", "o&#x27;brien@example.test", "o'brien@example.test", ""},
		{"a named entity is decoded", "r&amp;d@example.test", "r&d@example.test", ""},
		{"an encoded @ counts", "ana&#64;example.test", "ana@example.test", ""},
		{"an entity that lacks its semicolon is the person's own text", "r&copy@example.test", "r&copy@example.test", ""},
		{"every character of an atom is allowed", "a!#$%&'*+/=?^_`{|}~-9@example.test", "a!#$%&'*+/=?^_`{|}~-9@example.test", ""},
		{"a Unicode domain becomes punycode", "ana@Bücher.example.test", "ana@xn--bcher-kva.example.test", ""},
		{"punycode stays", "ana@XN--Bcher-KVA.example.test", "ana@xn--bcher-kva.example.test", ""},
		{"a decomposed Unicode domain becomes the same punycode", "ana@bu\u0308cher.example.test", "ana@xn--bcher-kva.example.test", ""},
		{"the ideographic full stop is a dot", "ana@例え。テスト", "ana@xn--r8jz45g.xn--zckzah", ""},
		{"a Unicode local part is kept, composed", "JOSE\u0301@example.test", "josé@example.test", ""},
		{"the longest local part", long64 + "@example.test", long64 + "@example.test", ""},
		{"the longest label", "a@" + long63 + ".test", "a@" + long63 + ".test", ""},
		{"a domain with hyphens", "a@my-mail-2.example.test", "a@my-mail-2.example.test", ""},

		{"nothing", "", "", "the address is empty"},
		{"nothing but blanks", " \u00a0 ", "", "the address is empty"},
		{"no @", "n/a", "", "the address has no @"},
		{"two @", "ana@@example.test", "", "the address has more than one @"},
		{"two addresses", "ana@example.test, luis@example.test", "", "the address has more than one @"},
		{"no local part", "@example.test", "", "the address has nothing before the @"},
		{"no domain", "ana@", "", "the address has no domain"},
		{"no dot in the domain", "ana@localhost", "", "the domain has no dot"},
		{"a dot at the start", ".ana@example.test", "", "the part before the @ has a dot at its start or end, or two in a row"},
		{"a dot at the end", "ana.@example.test", "", "the part before the @ has a dot at its start or end, or two in a row"},
		{"two dots", "a..na@example.test", "", "the part before the @ has a dot at its start or end, or two in a row"},
		{"a blank inside", "a na@example.test", "", "the part before the @ holds a character that is not allowed"},
		{"a blank before the @", "ana @example.test", "", "the part before the @ holds a character that is not allowed"},
		{"quotes", `"ana"@example.test`, "", "the part before the @ holds a character that is not allowed"},
		{"a zero-width blank inside", "a\u200bna@example.test", "", "the part before the @ holds a character that is not allowed"},
		{"a replacement character", "a\ufffd@example.test", "", "the part before the @ holds a character that is not allowed"},
		{"an @ of another width", "ana＠x@example.test", "", "the part before the @ holds a character that is not allowed"},
		{"broken bytes", "a\xffna@example.test", "", "the address is not valid text"},
		{"an underscore in the domain", "ana@exa_mple.test", "", "the domain is not valid"},
		{"an empty label", "ana@example..test", "", "the domain is not valid"},
		{"a dot behind the domain", "ana@example.test.", "", "the domain is not valid"},
		{"a hyphen at the edge of a label", "ana@-example.test", "", "the domain is not valid"},
		{"broken punycode", "ana@xn--\u00fc.test", "", "the domain is not valid"},
		{"a literal address", "ana@[192.0.2.1]", "", "the domain is not valid"},
		{"a bare IP address", "ana@192.0.2.1", "", "the domain is an IP address"},
		{"a local part too long", long64 + "l@example.test", "", "the part before the @ is longer than 64 bytes"},
		{"a label too long", "ana@" + long63 + "d.test", "", "the domain is not valid"},
		{"a whole column of text", "ana@" + strings.Repeat("ü", 30_000), "", "the address is longer than 254 bytes"},
		{"too long as a whole", long64 + "@" + strings.Repeat(long63+".", 3) + "test", "", "the address is longer than 254 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := whmcs.NormalizeEmail(tc.raw)
			if diff := cmp.Diff([]string{tc.want, tc.problem}, []string{got, sentence(err)}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func sentence(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestNormalizingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"ana", "É", "e\u0301", "İ", "ß", "ẞ", "ﬁ", "\u212a", "\u2126", "\u037e", "&amp;", "&#59;", "&semi;", "&amp;#039;", ";", "&", "x", "-", ".",
		"@", "xn--", "bücher", "例え", "。", "\u200b", "\u00a0", " ", "1", "_", "\u1fef", "\u0345", "Σ", "ς", "\u2000", "＠", "test", ".test", "@example.test",
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.String()), 0, 8).Draw(t, "pieces"), "")
		for _, address := range []string{raw, raw + "@example.test", "ana@" + raw, "ana@" + raw + ".test"} {
			checkStable(t, address)
		}
	})
}

func checkStable(t interface{ Fatalf(string, ...any) }, raw string) {
	once, err := whmcs.NormalizeEmail(raw)
	if err != nil {
		return
	}
	twice, err := whmcs.NormalizeEmail(once)
	if err != nil || once != twice {
		t.Fatalf("%q became %q, and that became %q (%v)", raw, once, twice, err)
	}
}

func FuzzNormalizeEmail(f *testing.F) {
	for _, seed := range []string{"ana@example.test", " O&#039;Brien@B\u00fccher.test ", "a&amp;#59;@x.test", "\xff@\xfe", "@", "a@xn--.test"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		checkStable(t, raw)
		address, err := whmcs.NormalizeEmail(raw)
		if err == nil && (len(address) > 254 || strings.Count(address, "@") != 1 || strings.ContainsAny(address, " \x00;<>\"")) {
			t.Fatalf("%q was let through as %q", raw, address)
		}
	})
}

func BenchmarkNormalizeEmail(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := whmcs.NormalizeEmail("ana.maria.12345@mail.example.test"); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleNormalizeEmail() {
	fmt.Println(whmcs.NormalizeEmail(" O&#039;Brien@B\u00fccher.Example.TEST"))
	fmt.Println(whmcs.NormalizeEmail("nobody@"))
	// Output:
	// o'brien@xn--bcher-kva.example.test <nil>
	//  the address has no domain
}
