package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"transfera/data/imaging"
	"transfera/runner/classifier"
)

// accepted says which requests there are.
const accepted = "send image/jpeg or image/png, multipart/form-data with the field image, or application/json with image in base64"

// imageOf is the bytes of the image file in a request.
func imageOf(r *http.Request) ([]byte, error) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Header.Get("Content-Type") != "" && err != nil {
		return nil, &problem{status: http.StatusUnsupportedMediaType, text: "the Content-Type cannot be read; " + accepted}
	}
	var image []byte
	switch kind {
	case "", "image/jpeg", "image/png", "application/octet-stream":
		image, err = io.ReadAll(r.Body)
	case "multipart/form-data":
		if parameters["boundary"] == "" {
			return nil, &problem{status: http.StatusBadRequest, text: "the form's Content-Type has no boundary"}
		}
		image, err = imageOfForm(r)
	case "application/json":
		image, err = imageOfJSON(r)
	default:
		return nil, &problem{status: http.StatusUnsupportedMediaType, text: fmt.Sprintf("%.60q is not taken; %s", kind, accepted)}
	}
	var tooLarge *http.MaxBytesError
	var known *problem
	switch {
	case errors.As(err, &tooLarge):
		return nil, &problem{status: http.StatusRequestEntityTooLarge, text: fmt.Sprintf("requests have up to %d bytes; send a smaller file", tooLarge.Limit)}
	case errors.As(err, &known), err == nil:
		return image, err
	}
	return nil, &problem{status: http.StatusBadRequest, text: "the request broke off or is malformed; " + accepted}
}

func imageOfForm(r *http.Request) ([]byte, error) {
	form, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, &problem{status: http.StatusBadRequest, text: "the form has no field image"}
		}
		if err != nil {
			return nil, err
		}
		if part.FormName() == "image" {
			return io.ReadAll(part)
		}
	}
}

func imageOfJSON(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var said struct {
		Image []byte `json:"image"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return nil, &problem{status: http.StatusBadRequest, text: `this is not {"image": "..."} with the image file in base64`}
	}
	return said.Image, nil
}

// elongated is how many times as long as short an image may be whose shorter side is resized: a line of a few kilobytes would
// become a hundred megapixels.
const elongated = 32

// prepare decodes an image file and brings it to what the network is shown. Few are decoded at once, since a small file may
// hold a hundred megapixels.
func (s *Server) prepare(ctx context.Context, file []byte) (picture, error) {
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return picture{}, ctx.Err()
	}
	image, err := imaging.Decode(file, "image")
	if err == nil && s.options.Resize > 0 && max(image.Width, image.Height) > elongated*min(image.Width, image.Height) {
		err = fmt.Errorf("an image of %dx%d pixels is more than %d times as long as short; cut it", image.Width, image.Height, elongated)
	}
	if err == nil {
		image, err = classifier.Prepare(image, s.options.Resize, s.options.Crop)
	}
	if err != nil {
		return picture{}, &problem{status: http.StatusBadRequest, text: err.Error()}
	}
	if image.Width*image.Height > s.limits.Pixels {
		return picture{}, &problem{status: http.StatusRequestEntityTooLarge, text: fmt.Sprintf(
			"an image of %dx%d pixels; the network is shown up to %d", image.Width, image.Height, s.limits.Pixels)}
	}
	p := picture{planes: make([]float32, len(image.Pix)), height: image.Height, width: image.Width}
	image.Planar(p.planes)
	return p, nil
}
