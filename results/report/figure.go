package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Figure is a picture of the output folder.
type Figure struct {
	Name string
	Caption
	// Vector says that it is a drawing, which keeps its meaning when the page
	// turns it light on dark; a picture of pixels does not.
	Vector bool
	// URI holds the whole picture. As an image of its own it can run no script
	// and load nothing, whatever it holds.
	URI string
}

// Caption is what figures/NAME.json says of a figure. Without that file the
// SVG's own <title> and <desc> do, else its first text and its name.
type Caption struct {
	Title string `json:"title"`
	// Alt says what there is to see, for those who cannot see it.
	Alt string `json:"alt"`
	// Text stands below the figure.
	Text string `json:"text"`
}

func readFigures(folder string) ([]Figure, error) {
	folder = filepath.Join(folder, "figures")
	names, err := stems(folder)
	if err != nil {
		return nil, err
	}
	var figures []Figure
	for _, name := range names {
		figure, err := readFigure(folder, name)
		if err != nil {
			return nil, fmt.Errorf("%w; %s", err, again)
		}
		if figure != nil {
			figures = append(figures, *figure)
		}
	}
	return figures, nil
}

// readFigure is nil where a name has files of other kinds only.
func readFigure(folder, name string) (*Figure, error) {
	figure, err := readPicture(folder, name)
	if figure == nil || err != nil {
		return nil, err
	}
	if err := figure.readCaption(filepath.Join(folder, name+".json")); err != nil {
		return nil, err
	}
	if figure.Title == "" {
		figure.Title = name
	}
	if figure.Alt == "" {
		figure.Alt = "Figure: " + figure.Title + "."
	}
	return figure, nil
}

// readPicture is a figure with no caption but its own.
func readPicture(folder, name string) (*Figure, error) {
	figure := &Figure{Name: name}
	path := filepath.Join(folder, name+".svg")
	data, err := os.ReadFile(path)
	switch {
	case err == nil:
		if figure.Caption, err = describeSVG(data); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		figure.Vector, figure.URI = true, dataURI("image/svg+xml", data)
	case errors.Is(err, fs.ErrNotExist):
		path = filepath.Join(folder, name+".png")
		if data, err = os.ReadFile(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
			return nil, fmt.Errorf("%s: not a PNG", path)
		}
		figure.URI = dataURI("image/png", data)
	default:
		return nil, err
	}
	return figure, nil
}

func (f *Figure) readCaption(path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var own Caption
	if err := json.Unmarshal(data, &own); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f.Caption = own
	return nil
}

func dataURI(kind string, data []byte) string {
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)
}

// describeSVG checks that the drawing is whole and takes its words.
func describeSVG(data []byte) (Caption, error) {
	var caption Caption
	var first string
	var open []string
	decoder := xml.NewDecoder(bytes.NewReader(data))
	root := ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return caption, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if root == "" {
				root = token.Name.Local
			}
			open = append(open, token.Name.Local)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			text := strings.TrimSpace(string(token))
			switch {
			case text == "":
			case slices.Equal(open, []string{"svg", "title"}):
				caption.Title = text
			case slices.Equal(open, []string{"svg", "desc"}):
				caption.Alt = text
			case first == "" && slices.Contains(open, "text"):
				first = text
			}
		}
	}
	if root != "svg" {
		return caption, errors.New("not an SVG")
	}
	if caption.Title == "" {
		caption.Title = first
	}
	return caption, nil
}
