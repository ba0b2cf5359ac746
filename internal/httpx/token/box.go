package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"time"
)

// ticket is a token and when it was made.
type ticket struct {
	Token string    `json:"token"`
	Since time.Time `json:"since"`
}

// box seals tickets of one owner for one place: moved to another, a sealed one is worthless.
type box struct {
	aead  cipher.AEAD
	place string
}

func newBox(secret, owner, place string) (box, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), []byte(place), "whmcsync token 1 "+owner, 32)
	if err != nil {
		return box{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return box{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return box{aead, place}, err
}

func (b box) seal(t ticket) []byte {
	plain, _ := json.Marshal(t) // text and a time always marshal
	return b.aead.Seal(nil, nil, plain, []byte(b.place))
}

// open is the zero ticket for what this box has not sealed.
func (b box) open(sealed []byte) (t ticket) {
	plain, err := b.aead.Open(nil, nil, sealed, []byte(b.place))
	if err != nil || json.Unmarshal(plain, &t) != nil {
		return ticket{}
	}
	return t
}
