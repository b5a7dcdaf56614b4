package imaging

import "fmt"

// unit holds pix/255 in float32 for every byte value: division, as in
// torchvision's ToTensor, which differs from multiplication by 1/255.
var unit = func() (table [256]float32) {
	for i := range table {
		table[i] = float32(i) / 255
	}
	return table
}()

// Planar writes the image to dst in the order C,H,W (all of R, then G, then B)
// with values in [0,1], exactly as torchvision's ToTensor. It panics unless
// dst has length 3*Width*Height.
func (m *Image) Planar(dst []float32) {
	size := m.Width * m.Height
	checkPlanes(len(dst), m.Width, m.Height)
	red, green, blue := dst[:size], dst[size:][:size], dst[2*size:][:size]
	pix := m.Pix
	for i := range red {
		p := pix[3*i : 3*i+3 : 3*i+3]
		red[i], green[i], blue[i] = unit[p[0]], unit[p[1]], unit[p[2]]
	}
}

// FromPlanar makes an image of w x h pixels from src, C,H,W with values in
// [0,1], rounding as torchvision's save_image does: x*255 + 0.5 in float32,
// clamped to [0,255] and cut to an integer. Values outside [0,1] are clamped,
// NaN becomes 0. It panics unless src has length 3*w*h.
func FromPlanar(src []float32, w, h int) *Image {
	out := New(w, h)
	checkPlanes(len(src), w, h)
	size := w * h
	red, green, blue := src[:size], src[size:][:size], src[2*size:][:size]
	for i := range red {
		p := out.Pix[3*i : 3*i+3 : 3*i+3]
		p[0], p[1], p[2] = toByte(red[i]), toByte(green[i]), toByte(blue[i])
	}
	return out
}

func toByte(x float32) uint8 {
	// The conversion forbids a fused multiply-add, which would round once only.
	x = float32(x*255) + 0.5
	if x >= 255 {
		return 255
	}
	if x > 0 { // false for NaN
		return uint8(x)
	}
	return 0
}

func checkPlanes(length, width, height int) {
	if length != 3*width*height {
		panic(fmt.Sprintf("imaging: planes of %d values for an image of %dx%d pixels; expected %d",
			length, width, height, 3*width*height))
	}
}
