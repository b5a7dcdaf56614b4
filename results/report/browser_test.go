package report_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

// browser is a page in a headless Chromium, with what went wrong in it.
type browser struct {
	t        *testing.T
	ctx      context.Context
	mutex    sync.Mutex
	troubles []string
	requests []string
}

// open shows the embedded snapshot's report, or skips the test where no Chromium is installed.
func open(t *testing.T) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("no chromium, chromium-browser or google-chrome is installed: apt-get install chromium")
	}
	page := filepath.Join(t.TempDir(), "report.html")
	put(t, page, snapshot(t, "embedded"))
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.WSURLReadTimeout(5*time.Minute)) // a busy machine takes longer to start it than chromedp's 20 s
	ctx, cancelProgram := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, cancelPage := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // events newer than chromedp
	t.Cleanup(func() { cancelPage(); cancelProgram() })
	b := &browser{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, b.listen)
	b.do(log.Enable(), network.Enable(), chromedp.EmulateViewport(1000, 900), b.scheme("light"), chromedp.Navigate("file://"+page))
	return b
}

func (b *browser) listen(event any) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch event := event.(type) {
	case *runtime.EventConsoleAPICalled:
		b.troubles = append(b.troubles, "console: "+string(event.Type))
	case *runtime.EventExceptionThrown:
		b.troubles = append(b.troubles, event.ExceptionDetails.Error())
	case *log.EventEntryAdded: // refusals of the Content-Security-Policy among them
		b.troubles = append(b.troubles, event.Entry.Text)
	case *network.EventRequestWillBeSent:
		if url := event.Request.URL; len(url) < 5 || (url[:5] != "data:" && url[:5] != "file:") {
			b.requests = append(b.requests, url)
		}
	}
}

func (b *browser) do(actions ...chromedp.Action) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Run(b.ctx, actions...))
}

func (b *browser) scheme(name string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}})
}

// click is a mouse's, in the middle of what a selector finds. chromedp's own waits for events that it does not know.
func (b *browser) click(selector string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		var middle []float64
		find := `(() => { const e = document.querySelector(` + strconv.Quote(selector) + `); e.scrollIntoView({block: "center", inline: "center"});
			const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`
		if err := chromedp.Evaluate(find, &middle).Do(ctx); err != nil {
			return err
		}
		return chromedp.MouseClickXY(middle[0], middle[1]).Do(ctx)
	})
}

func (b *browser) focus(selector string) chromedp.Action {
	return chromedp.Evaluate(`document.querySelector(`+strconv.Quote(selector)+`).focus()`, nil)
}

// value of a JavaScript expression.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	var v T
	b.do(chromedp.Evaluate(expression, &v))
	return v
}

const (
	table  = `document.querySelector("#table-architectures table")`
	header = `#table-architectures thead th:nth-child(4)`
	number = `#table-architectures tbody tr:nth-child(3) td:nth-child(5) button`
	column = `[...` + table + `.tBodies[0].rows].map(r => Number(r.cells[3].dataset.sort))`
)

func (b *browser) sorted() string {
	return value[string](b, `document.querySelector("`+header+`").getAttribute("aria-sort")`)
}

func TestBrowserSortsByMouseAndKeyboard(t *testing.T) {
	b := open(t)
	own := value[[]float64](b, column)
	assert.Equal(t, "none", b.sorted())

	b.do(b.click(header + " button"))
	assert.Equal(t, "descending", b.sorted())
	descending := value[[]float64](b, column)
	assert.IsDecreasing(t, compact(descending))
	assert.ElementsMatch(t, own, descending)

	b.do(b.focus(header+" button"), chromedp.KeyEvent(kb.Enter))
	assert.Equal(t, "ascending", b.sorted())
	assert.IsIncreasing(t, compact(value[[]float64](b, column)))
	assert.Contains(t, value[string](b, `document.getElementById("status").textContent`), "sorted by resnet-s top1 [%], ascending")

	b.do(chromedp.KeyEvent(" "))
	assert.Equal(t, "none", b.sorted())
	assert.Equal(t, own, value[[]float64](b, column), "the table's own order again")

	b.do(b.click(header+" button"), b.click("#table-architectures thead th:nth-child(2) button"))
	assert.Equal(t, "none", b.sorted(), "one column sorts")
	methods := value[[]string](b, `[...`+table+`.tBodies[0].rows].map(r => r.cells[1].textContent)`)
	assert.IsNonDecreasing(t, methods)
	assert.Empty(t, b.troubles)
}

// compact leaves out repetitions.
func compact(values []float64) []float64 {
	var kept []float64
	for i, v := range values {
		if i == 0 || v != values[i-1] {
			kept = append(kept, v)
		}
	}
	return kept
}

func TestBrowserShowsDetailsByMouseAndKeyboard(t *testing.T) {
	b := open(t)
	manifest, err := results.ReadManifest("../snapshots/embedded/manifest.json")
	require.NoError(t, err)
	isOpen := func() bool { return value[bool](b, `document.getElementById("details").open`) }
	focused := func() bool { return value[bool](b, `document.activeElement === document.querySelector("`+number+`")`) }
	ways := []struct {
		name        string
		show, leave chromedp.Action
	}{
		{"mouse", b.click(number), b.click("#close")},
		{"Enter, Escape", chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Escape)},
		{"Space, Enter", chromedp.KeyEvent(" "), chromedp.KeyEvent(kb.Enter)}, // the focus is on Close
		{"backdrop", b.click(number), chromedp.MouseClickXY(5, 5)},
	}
	for _, way := range ways {
		b.do(b.focus(number), way.show)
		require.True(t, isOpen(), way.name)
		text := value[string](b, `document.getElementById("details").innerText`)
		for _, want := range []string{"ra on sr, judged by resnet-m", "Student t", "Gain over plain", "judged by resnet-m", "SHA-256", manifest.Code.Revision} {
			assert.Contains(t, text, want, way.name)
		}
		assert.True(t, value[bool](b, `document.getElementById("details").contains(document.activeElement)`), way.name)
		b.do(way.leave)
		assert.False(t, isOpen(), way.name)
		assert.True(t, focused(), way.name+": the focus returns")
	}

	b.do(b.focus(number), chromedp.KeyEvent(kb.ArrowRight))
	assert.Equal(t, 5, value[int](b, `document.activeElement.closest("td").cellIndex`))
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	assert.Equal(t, 3, value[int](b, `document.activeElement.closest("tr").sectionRowIndex`))
	assert.Equal(t, 1, value[int](b, table+`.querySelectorAll('button.entry[tabindex="0"]').length`), "one stop of the Tab key")
	assert.Empty(t, b.troubles)
}

func TestBrowserFitsEveryWidthAndTheme(t *testing.T) {
	b := open(t)
	background := func() string { return value[string](b, `getComputedStyle(document.body).backgroundColor`) }
	light := background()
	for _, width := range []int64{360, 400, 1000, 1800} {
		b.do(chromedp.EmulateViewport(width, 900), chromedp.Evaluate(`document.querySelectorAll("details").forEach(d => { d.open = true; })`, nil))
		assert.Equal(t, width, value[int64](b, `document.documentElement.scrollWidth`), "the page scrolls sideways")
		b.do(chromedp.Evaluate(`document.querySelector("`+number+`").click()`, nil))
		assert.Equal(t, width, value[int64](b, `document.documentElement.scrollWidth`), "the page scrolls sideways beneath the details")
		assert.True(t, value[bool](b, `(() => { const e = document.getElementById("details-body"); return e.scrollWidth <= e.clientWidth; })()`))
		b.do(chromedp.Evaluate(`document.getElementById("details").close()`, nil))
	}
	b.do(b.scheme("dark"))
	dark := background()
	assert.NotEqual(t, light, dark, "the system's choice")
	b.do(b.click("#theme"))
	assert.Equal(t, light, background(), "the reader's choice is stronger")
	assert.Equal(t, "Dark theme", value[string](b, `document.getElementById("theme").textContent`))
	b.do(b.click("#theme"), b.scheme("light"))
	assert.Equal(t, dark, background())
	assert.True(t, value[bool](b, `[...document.images].every(i => i.complete && i.naturalWidth > 0)`), "pictures show")
	assert.Empty(t, b.troubles)
	assert.Empty(t, b.requests, "nothing is loaded")
}
