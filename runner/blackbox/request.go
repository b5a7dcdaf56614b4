package blackbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"transfera/data/imaging"
)

const imagePlaceholder = "{{image}}"

// question is one image as a service is asked about it.
type question struct {
	image []byte // the encoded file
	hash  string // SHA-256 of the image: of the file, or for PNG of the pixels
	key   string // SHA-256 of everything that the answer depends on
}

// question encodes an image. PNG is lossless and its bytes differ between versions of its encoder, so it is known by its
// pixels: answers stay valid.
func (s Service) question(image *imaging.Image) (question, error) {
	var q question
	var err error
	content := sha256.New()
	if s.Image.Format == JPEG {
		q.image, err = image.EncodeJPEG(s.Image.Quality)
		content.Write(q.image)
	} else {
		q.image, err = image.EncodePNG()
		fmt.Fprintf(content, "png %d %d\n", image.Width, image.Height)
		content.Write(image.Pix)
	}
	q.hash = hex.EncodeToString(content.Sum(nil))
	parts := []string{"blackbox 1", s.URL, s.Method, s.Body.Kind, s.Body.Template, s.Body.Field, s.Version, s.Image.Format, q.hash}
	for _, name := range slices.Sorted(maps.Keys(s.Body.Fields)) {
		parts = append(parts, name, s.Body.Fields[name])
	}
	q.key = hashOf(parts...)
	return q, err
}

// hashOf is a SHA-256 that no other list of texts has.
func hashOf(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		hash.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part))))
		hash.Write([]byte(part))
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// request is the call that asks a question.
func (s Service) request(ctx context.Context, q question, values secrets) (*http.Request, error) {
	body, contentType, err := s.body(q, values)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, s.Method, s.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	// A call that failed halfway may have been billed: net/http must not repeat it uncounted.
	request.GetBody = nil
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "transfera")
	for name, value := range s.Headers {
		request.Header.Set(name, values.expand(value))
	}
	return request, nil
}

// body is what a call carries.
func (s Service) body(q question, values secrets) (body []byte, contentType string, err error) {
	switch s.Body.Kind {
	case FormBody:
		return s.form(q, values)
	case JSONBody:
		// The image first: base64 never looks like a variable, but a variable's value may hold anything.
		text := strings.ReplaceAll(s.Body.Template, imagePlaceholder, base64.StdEncoding.EncodeToString(q.image))
		return []byte(values.expandJSON(text)), "application/json", nil
	}
	return q.image, "image/" + s.Image.Format, nil
}

// form is the image and the other fields, sorted by name, as multipart/form-data.
func (s Service) form(q question, values secrets) (body []byte, contentType string, err error) {
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	if err := form.SetBoundary(q.key); err != nil { // the same call has the same bytes
		return nil, "", err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Body.Fields)) {
		if err := form.WriteField(name, values.expand(s.Body.Fields[name])); err != nil {
			return nil, "", err
		}
	}
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(s.Body.Field, "image."+s.Image.Format)},
		"Content-Type":        {"image/" + s.Image.Format},
	})
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(q.image); err != nil {
		return nil, "", err
	}
	if err := form.Close(); err != nil {
		return nil, "", err
	}
	return out.Bytes(), form.FormDataContentType(), nil
}
