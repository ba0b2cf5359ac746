package sim

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"

	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

// connections counts the commands on each connection, by the address at its other end.
type connections struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *connections) count(from string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[from]++
	return c.counts[from]
}

func (s *Server) succeed(text string, attributes map[string]wire.Value) simkit.Answer {
	return s.reply(http.StatusOK, "1", 200, text, attributes)
}

// refuse says no as the API does: with HTTP 200.
func (s *Server) refuse(code int, text string) simkit.Answer {
	return s.reply(http.StatusOK, "0", code, text, nil)
}

// failure says what goes wrong before a command is read.
func (s *Server) failure(status int, text string) simkit.Answer {
	code := 400
	switch status {
	case http.StatusUnauthorized:
		code, text = 401, "Authentication error: key, signature or address"
	case http.StatusTooManyRequests:
		code = 300
	}
	return s.reply(status, "0", code, text, nil)
}

func (s *Server) reply(status int, success string, code int, text string, attributes map[string]wire.Value) simkit.Answer {
	message := wire.Texts(map[string]string{
		"protocol": "XCP", "object": "DOMAIN", "action": "REPLY",
		"is_success": success, "response_code": strconv.Itoa(code), "response_text": text,
	})
	if attributes != nil {
		message.Map["attributes"] = wire.Value{Map: attributes}
	}
	return simkit.Answer{Status: status, Body: s.encoded(wire.Encode(message))}
}

// encoded is a body in the account's encoding. What ISO-8859-1 cannot hold is written as a number.
func (s *Server) encoded(body []byte) []byte {
	if !s.opt.Latin1 {
		return body
	}
	body = bytes.Replace(body, []byte(`encoding="UTF-8"`), []byte(`encoding="ISO-8859-1"`), 1)
	var out bytes.Buffer
	for _, r := range string(body) {
		switch {
		case r < 0x80 || r >= 0xa0 && r <= 0xff:
			out.WriteByte(byte(r))
		default:
			out.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		}
	}
	return out.Bytes()
}

func text(s string) wire.Value { return wire.Value{Text: s} }

func bit(on bool) wire.Value {
	if on {
		return text("1")
	}
	return text("0")
}

func letter(on bool) wire.Value {
	if on {
		return text("Y")
	}
	return text("N")
}
