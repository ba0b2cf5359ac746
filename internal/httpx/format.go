package httpx

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"strings"

	"golang.org/x/net/html/charset"
)

func (f Format) name() string { return strings.ToUpper(cmp.Or(string(f), "json")) }

func (f Format) decode(body []byte, out any) error {
	if f == XML {
		return DecodeXML(body, out)
	}
	return json.Unmarshal(body, out)
}

// DecodeXML reads an answer in whatever encoding it declares: old APIs still speak ISO-8859-1 or UTF-16.
func DecodeXML(body []byte, out any) error {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	decoder.CharsetReader = charset.NewReaderLabel
	return decoder.Decode(out)
}
