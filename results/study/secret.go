package study

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Secret is what all that must not be guessed is derived from, 32 bytes.
type Secret []byte

func newSecret() Secret {
	secret := make(Secret, 32)
	_, _ = rand.Read(secret) // never fails
	return secret
}

// MarshalText writes base64.
func (s Secret) MarshalText() ([]byte, error) {
	return []byte(base64.StdEncoding.EncodeToString(s)), nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *Secret) UnmarshalText(text []byte) error {
	secret, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || len(secret) != 32 {
		return fmt.Errorf("the secret is not 32 bytes in base64")
	}
	*s = secret
	return nil
}

// sum is the HMAC of a use and its values; their lengths keep ("a", "bc") and ("ab", "c") apart.
func (s Secret) sum(use string, values ...string) []byte {
	mac := hmac.New(sha256.New, s)
	for _, value := range append([]string{use}, values...) {
		var length [8]byte
		binary.LittleEndian.PutUint64(length[:], uint64(len(value)))
		mac.Write(length[:])
		mac.Write([]byte(value))
	}
	return mac.Sum(nil)
}

// Name is 32 hexadecimal digits that say nothing of the values that they are derived from.
func (s Secret) Name(use string, values ...string) string {
	return hex.EncodeToString(s.sum(use, values...)[:16])
}

// Is tells in constant time whether given is the name of the values.
func (s Secret) Is(given, use string, values ...string) bool {
	return hmac.Equal([]byte(given), []byte(s.Name(use, values...)))
}

// bit is a fair coin.
func (s Secret) bit(use string, values ...string) bool { return s.sum(use, values...)[0]&1 == 1 }

// Order is the order in which a participant sees the comparisons: one kind of question after the other, since a change of
// question costs attention; which comes first, and the order within, are the participant's own.
func (s Secret) Order(comparisons []Comparison, participant string) []Comparison {
	place := map[string]string{}
	for _, c := range comparisons {
		place[c.ID] = s.Name("kinds", participant, c.Question) + s.Name("order", participant, c.ID)
	}
	order := slices.Clone(comparisons)
	slices.SortFunc(order, func(a, b Comparison) int { return strings.Compare(place[a.ID], place[b.ID]) })
	return order
}

// FirstIsLeft tells whether a participant sees the comparison's first side at the left.
func (s Secret) FirstIsLeft(participant, comparison string) bool {
	return s.bit("side", participant, comparison)
}

// Token admits a participant to a public study.
func (s Secret) Token(participant string) string { return s.Name("token", participant) }

var participantPattern = regexp.MustCompile(`^[\pL\pN][\pL\pN ._@-]{0,39}$`)

// CheckParticipant refuses names that are no short text of letters, digits, spaces and ". _ @ -".
func CheckParticipant(name string) error {
	if !participantPattern.MatchString(name) || strings.TrimSpace(name) != name {
		return fmt.Errorf("participant %.60q: use 1 to 40 letters, digits, spaces and . _ @ -, beginning with a letter or digit", name)
	}
	return nil
}
