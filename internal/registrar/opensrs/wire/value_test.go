package wire_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestAnEnvelopeIsWrittenInOneForm(t *testing.T) {
	t.Parallel()
	got := wire.Encode(wire.Value{Map: map[string]wire.Value{
		"b": {List: []wire.Value{{Text: `<é & "1">`}, {Map: map[string]wire.Value{}}}}, "a": {},
	}})
	want := `<?xml version="1.0" encoding="UTF-8" standalone="no"?>` + "\n" + `<!DOCTYPE OPS_envelope SYSTEM "ops.dtd">` + "\n" +
		`<OPS_envelope><header><version>0.9</version></header><body><data_block><dt_assoc><item key="a"></item><item key="b">` +
		`<dt_array><item key="0">&lt;é &amp; &#34;1&#34;&gt;</item><item key="1"><dt_assoc></dt_assoc></item></dt_array>` +
		`</item></dt_assoc></data_block></body></OPS_envelope>`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestAListMayBeWrittenAsNamedValues(t *testing.T) {
	t.Parallel()
	numbered := wire.Texts(map[string]string{"0": "a", "1": "b", "10": "not in the row", "x": "nor this"})
	want := []wire.Value{{Text: "a"}, {Text: "b"}}
	if diff := cmp.Diff(want, numbered.Items()); diff != "" {
		t.Error(diff)
	}
	if got := wire.Texts(map[string]string{"name": "x"}).Items(); len(got) > 0 {
		t.Errorf("named values were taken for the list %v", got)
	}
}

func TestWhatIsNoEnvelopeIsAnError(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", "{}", "<html><body>down</body></html>", "<OPS_envelope>", "<OPS_envelope><body></OPS_envelope>",
		`<?xml version="1.0" encoding="no-such"?><OPS_envelope></OPS_envelope>`,
	} {
		if v, err := wire.Decode([]byte(body)); err == nil {
			t.Errorf("%q was read as %+v", body, v)
		}
	}
}

func TestAReplySaysWhetherItWentWell(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]wire.Reply{
		"refused.xml":        {Code: 480, Text: "Object not found."},
		"refused_latin1.xml": {Code: 480, Text: "Objet non trouvé."},
		"updated.xml":        {Success: true, Code: wire.Async, Text: "Submitted to the registry"},
	} {
		got, err := wire.DecodeReply(fixture(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, odd := range []map[string]string{
		{"is_success": "", "response_code": "200"}, {"is_success": "yes", "response_code": "200"}, {"is_success": "1"}, {},
	} {
		if got, err := wire.DecodeReply(wire.Encode(wire.Texts(odd))); err == nil {
			t.Errorf("%v was read as %+v", odd, got)
		}
	}
}

func TestTheSignatureIsAsPublished(t *testing.T) {
	t.Parallel()
	if got, want := wire.Sign([]byte("<a>é</a>"), "k3y"), "5b2c988be46e779659829112f0cd8ac1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// FuzzDecode holds the codec to: no panic, and what was read can be written and read again.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.xml"))
	if err != nil || len(files) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, file := range files {
		f.Add(fixture(f, filepath.Base(file)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := wire.Decode(body)
		if err != nil {
			return
		}
		again, err := wire.Decode(wire.Encode(v))
		if err != nil {
			t.Fatalf("%+v cannot be read again: %v", v, err)
		}
		if diff := cmp.Diff(v, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzEncode holds the codec to: what is written can be read, and is the same but for blanks around texts and what XML
// cannot hold.
func FuzzEncode(f *testing.F) {
	f.Add("domain", "example.com")
	f.Add("", "<dt_assoc>")
	f.Add("a\"&'<>\n\r\t", " ]]> \x00\xff\u2028 ")
	f.Fuzz(func(t *testing.T, key, text string) {
		v := wire.Value{List: []wire.Value{wire.Texts(map[string]string{key: text}), {Text: text}}}
		got, err := wire.Decode(wire.Encode(v))
		if err != nil {
			t.Fatal(err)
		}
		held, trimmed := legible(key), strings.TrimSpace(legible(text))
		want := wire.Value{List: []wire.Value{wire.Texts(map[string]string{held: trimmed}), {Text: trimmed}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func legible(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 {
			return r
		}
		return '\ufffd'
	}, s)
}
