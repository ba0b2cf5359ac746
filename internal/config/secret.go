package config

import "log/slog"

// Secret is a value that must not be shown: it prints as *** however it is printed. Reveal gives the value to the one
// place that needs it.
type Secret struct{ value string }

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value: value} }

const hidden = "***"

// Reveal returns the value itself.
func (s Secret) Reveal() string { return s.value }

// IsZero says that no value was given.
func (s Secret) IsZero() bool { return s.value == "" }

// String and the methods below make every way of printing show ***.
func (s Secret) String() string {
	if s.value == "" {
		return ""
	}
	return hidden
}

// GoString covers %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText covers JSON, YAML and everything else that asks for text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue covers structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
