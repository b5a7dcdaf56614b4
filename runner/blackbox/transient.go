package blackbox

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// permanent tells whether a call failed before an answer for a reason that another call will meet as well: a name that does
// not exist, a certificate that is not trusted. A connection that is refused, reset or too slow may be better next time.
func permanent(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.IsNotFound
	}
	var untrusted *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	return errors.As(err, &untrusted) || errors.As(err, &authority)
}

// waitOf reads a Retry-After header, which has seconds or a date. ok is false if there is none that can be read.
func waitOf(retryAfter string, now time.Time) (wait time.Duration, ok bool) {
	retryAfter = strings.TrimSpace(retryAfter)
	if seconds, err := strconv.ParseUint(retryAfter, 10, 63); err == nil || errors.Is(err, strconv.ErrRange) {
		const most = uint64(math.MaxInt64 / time.Second)
		return time.Duration(min(seconds, most)) * time.Second, true
	}
	if date, err := http.ParseTime(retryAfter); err == nil {
		return max(0, date.Sub(now)), true
	}
	return 0, false
}
