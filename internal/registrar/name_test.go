package registrar_test

import (
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar"
)

func TestParseName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]registrar.Name{
		"Example.COM": "example.com", " example.com. ": "example.com", "Bücher.example": "xn--bcher-kva.example",
		"XN--BCHER-KVA.example": "xn--bcher-kva.example", "straße.de": "xn--strae-oqa.de", "co.co.uk": "co.co.uk",
		"a_b.example.com": "a_b.example.com", "r3---sn.example.com": "r3---sn.example.com", "１２３.com": "123.com",
	} {
		got, err := registrar.ParseName(text)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", ".", "com", ".com", "a b.com", "a..com", "http://a.com", "a@b.com", "a.com/x", "<b>.com", "a'b.com"} {
		if got, err := registrar.ParseName(text); err == nil {
			t.Errorf("%q was read as %q", text, got)
		}
	}
}

func TestANameIsSplitBehindItsFirstDot(t *testing.T) {
	t.Parallel()
	for name, want := range map[registrar.Name][2]string{
		"example.com": {"example", "com"}, "co.co.uk": {"co", "co.uk"}, "net.net": {"net", "net"},
	} {
		label, extension := name.Split()
		if got := [2]string{label, extension}; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestEverySpellingMeansTheName(t *testing.T) {
	t.Parallel()
	for name, want := range map[registrar.Name][]string{
		"example.com":                {"example.com", "example.com."},
		"xn--bcher-kva.xn--p1ai":     {"bücher.xn--p1ai", "bücher.xn--p1ai.", "bücher.рф", "bücher.рф.", "xn--bcher-kva.xn--p1ai", "xn--bcher-kva.xn--p1ai.", "xn--bcher-kva.рф", "xn--bcher-kva.рф."},
		"a.b.c.d.xn--bcher-kva.test": {"a.b.c.d.xn--bcher-kva.test", "a.b.c.d.xn--bcher-kva.test."},
	} {
		spellings := name.Spellings()
		for _, spelling := range spellings {
			if again, err := registrar.ParseName(spelling); err != nil || again != name {
				t.Errorf("%q of %s is %q (%v)", spelling, name, again, err)
			}
		}
		if slices.Sort(spellings); !slices.Equal(spellings, want) {
			t.Errorf("%s: %q", name, spellings)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, seed := range []string{"Example.COM", "Bücher.example", "xn--bcher-kva.example", "a..b", "ｅ.com", "\u200d.com"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := registrar.ParseName(text)
		if err != nil {
			return
		}
		again, err := registrar.ParseName(string(name))
		if err != nil || again != name {
			t.Fatalf("%q became %q, and that %q (%v)", text, name, again, err)
		}
	})
}
