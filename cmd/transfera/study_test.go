package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results/study"
	"transfera/results/study/studytest"
)

// asked builds a study of two items per task, six comparisons, with the command.
func asked(t *testing.T) (out, folder string) {
	t.Helper()
	out, folder = t.TempDir(), filepath.Join(t.TempDir(), "study")
	studytest.Publish(t, out, 2)
	got := transfera(t, "study", "build", out, "--out", folder, "--seed", "1")
	require.NoError(t, got.err, got.stderr)
	assert.Equal(t, folder+": 6 comparisons\nlabels: 1 item left out, the two lists are equal\npictures: 1 item left out, the two pictures are equal\n", got.stdout)
	return out, folder
}

// serveStudy starts the command as a process of its own and returns its address.
func serveStudy(t *testing.T, folder, listen string) (*exec.Cmd, string) {
	t.Helper()
	command := exec.Command(os.Args[0], "study", "serve", folder, "--listen", listen)
	command.Env = append(os.Environ(), asCommand+"=1")
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadString('\n')
		require.NoError(t, err, line)
		if found := regexp.MustCompile(`http://([^/]+)/ serves 6 comparisons`).FindStringSubmatch(line); found != nil {
			go func() { _, _ = io.Copy(io.Discard, lines) }()
			return command, found[1]
		}
	}
}

// someone is a participant with a browser of their own.
type someone struct {
	t      *testing.T
	ctx    context.Context
	answer func(choice string) chromedp.Action
}

// browsers opens them, or skips the test where no Chromium is installed.
func browsers(t *testing.T) (open func(width int64) *someone, troubles func() []string) {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		t.Skip("no chromium, chromium-browser or google-chrome is installed: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.WSURLReadTimeout(5*time.Minute)) // a busy machine takes longer to start it than chromedp's 20 s
	var mutex sync.Mutex
	var said []string
	open = func(width int64) *someone {
		own, cancelProgram := chromedp.NewExecAllocator(t.Context(), options...)
		own, cancelPage := chromedp.NewContext(own, chromedp.WithErrorf(func(string, ...any) {})) // events newer than chromedp
		t.Cleanup(func() { cancelPage(); cancelProgram() })
		chromedp.ListenTarget(own, func(event any) {
			if entry, ok := event.(*log.EventEntryAdded); ok { // refusals of the Content-Security-Policy among them
				mutex.Lock()
				said = append(said, entry.Entry.Text)
				mutex.Unlock()
			}
		})
		s := &someone{t: t, ctx: own, answer: click}
		s.do(log.Enable(), chromedp.EmulateViewport(width, 800))
		return s
	}
	return open, func() []string {
		mutex.Lock()
		defer mutex.Unlock()
		return said
	}
}

func (s *someone) do(actions ...chromedp.Action) {
	s.t.Helper()
	require.NoError(s.t, chromedp.Run(s.ctx, actions...))
}

func valueOf[T any](s *someone, expression string) T {
	s.t.Helper()
	var v T
	s.do(chromedp.Evaluate(expression, &v))
	return v
}

// click is a mouse's, on the button of an answer.
func click(choice string) chromedp.Action { return clickOn(`button[value="` + choice + `"]`) }

func clickOn(selector string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		var middle []float64
		find := fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "center"});
			const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, selector)
		if err := chromedp.Evaluate(find, &middle).Do(ctx); err != nil {
			return err
		}
		return chromedp.MouseClickXY(middle[0], middle[1]).Do(ctx)
	})
}

func press(choice string) chromedp.Action {
	return chromedp.KeyEvent(map[string]string{"left": kb.ArrowLeft, "none": "2", "right": "3"}[choice])
}

// tab goes to the button with the Tab key and presses it with Enter.
func tab(choice string) chromedp.Action {
	actions := chromedp.Tasks{}
	for range map[string]int{"left": 1, "none": 2, "right": 3}[choice] {
		actions = append(actions, chromedp.KeyEvent(kb.Tab))
	}
	return append(actions, chromedp.KeyEvent(kb.Enter))
}

func (s *someone) begin(address, name string) {
	s.t.Helper()
	s.do(chromedp.Navigate("http://"+address+"/"), chromedp.WaitVisible("#name"), chromedp.SendKeys("#name", name), clickOn("button.main"))
	s.at("Question 1 of 6")
}

// at waits for a page by its title.
func (s *someone) at(title string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		var got string
		err := chromedp.Run(s.ctx, chromedp.Evaluate(`document.readyState === "complete" ? document.title : ""`, &got))
		return err == nil && got == title
	}, 20*time.Second, 20*time.Millisecond, title)
}

// choose answers question number of the six and waits for what comes next.
func (s *someone) choose(number int, choice string) {
	s.t.Helper()
	s.do(s.answer(choice))
	if number == 6 {
		s.at("Thank you")
		return
	}
	s.at(fmt.Sprintf("Question %d of 6", number+1))
}

func TestThreeParticipantsGoThroughAStudyWhoseServerIsKilled(t *testing.T) {
	out, folder := asked(t)
	open, troubles := browsers(t)
	server, address := serveStudy(t, folder, "127.0.0.1:0")
	people := []*someone{open(1000), open(1000), open(400), open(1800)}
	people[1].answer, people[3].answer = press, tab
	names := []string{"ann", "bob", "Cyd Ö.", "dora"}
	choices := []string{"left", "none", "right", "right", "left", "none"}
	for i, p := range people[:3] {
		p.begin(address, names[i])
		for number, choice := range choices[:3] {
			width := valueOf[int64](p, `document.documentElement.clientWidth`)
			assert.Equal(t, width, valueOf[int64](p, `document.documentElement.scrollWidth`), "the page scrolls sideways")
			assert.True(t, valueOf[bool](p, `[...document.images].every(i => i.complete && i.naturalWidth > 0)`), "pictures show")
			assert.InDelta(t, float64(number), valueOf[float64](p, `document.getElementById("progress").value`), 0)
			p.choose(number+1, choice)
		}
	}
	require.NoError(t, server.Process.Kill())
	require.EqualError(t, server.Wait(), "signal: killed")
	people[0].do(clickOn(`button[value="left"]`)) // into the void
	s, err := study.Open(folder)
	require.NoError(t, err)
	record, err := s.ReadVotes()
	require.NoError(t, err)
	require.Len(t, record.Votes, 9, "no vote is lost")

	server, _ = serveStudy(t, folder, address)
	refused := transfera(t, "study", "serve", folder)
	assert.Equal(t, "transfera: "+folder+" is served already; stop that program first\n", refused.stderr)
	for _, p := range people[:3] {
		p.do(chromedp.Navigate("http://" + address + "/"))
		p.at("Question 4 of 6")
		for number := 4; number <= 6; number++ {
			p.choose(number, choices[number-1])
		}
	}
	people[3].begin(address, names[3]) // by the Tab key, with the focus seen
	people[3].do(chromedp.KeyEvent(kb.Tab))
	assert.Equal(t, "solid", valueOf[string](people[3], `getComputedStyle(document.activeElement).outlineStyle`))
	people[3].do(chromedp.KeyEvent(kb.Enter))
	people[3].at("Question 2 of 6")
	people[3].choose(2, "right")
	require.NoError(t, server.Process.Signal(os.Interrupt))
	require.NoError(t, server.Wait(), "a graceful end")
	for _, trouble := range troubles() {
		assert.Contains(t, trouble, "Failed to load resource: net::ERR_", "nothing but the dead server")
	}

	record, err = s.ReadVotes()
	require.NoError(t, err)
	require.Len(t, record.Votes, 20)
	answers := map[string][]string{}
	for _, v := range record.Votes {
		answers[v.Participant] = append(answers[v.Participant], v.Answer)
	}
	assert.Equal(t, map[string][]string{"ann": choices, "bob": choices, "Cyd Ö.": choices, "dora": {"left", "right"}}, answers)
	got := transfera(t, "study", "analyze", folder)
	require.NoError(t, got.err, got.stderr)
	assert.Contains(t, got.stdout, "4 participants, 20 votes on 6 comparisons; 3 answered all; votes of each: P1 6, P2 6, P3 6, P4 2")
	assert.Contains(t, got.stdout, "Warning: fewer than 30 votes")
	assert.NotContains(t, got.stdout, "Cyd")

	bare := transfera(t, "study", "analyze", folder, "--into", out)
	assert.ErrorContains(t, bare.err, "manifest.json is missing")
	assert.NoDirExists(t, filepath.Join(out, "study", "transfer"), "nothing is half written")
}

// votesLeft lets a participant answer the first comparison of a study.
func votesLeft(t *testing.T, folder, participant string) {
	t.Helper()
	s, err := study.Open(folder)
	require.NoError(t, err)
	votes, err := study.OpenLog(s)
	require.NoError(t, err)
	c, position, _ := votes.Next(participant)
	require.NoError(t, votes.Add(participant, c.ID, position, study.AnswerLeft))
	require.NoError(t, votes.Close())
}

func TestAnalysisOfAStudyEntersTheReport(t *testing.T) {
	p := newPlace(t)
	require.NoError(t, p.run(t, "testdata/partly/good.yaml").err)
	_, folder := asked(t)
	votesLeft(t, folder, "Zachariah")
	got := transfera(t, "study", "analyze", folder, "--into", p.out)
	require.NoError(t, got.err, got.stderr)
	report := p.read(t, "report.html")
	assert.Contains(t, report, `<h2 id="study-title">User study</h2>`)
	assert.NotContains(t, report, "Zachariah")
	assert.Equal(t, strings.TrimRight(p.read(t, "study/transfer/preference.txt"), "\n"), strings.TrimRight(got.stdout[:strings.Index(got.stdout, "\nLabels, ")], "\n"))
}

func TestInvitationsAreLinks(t *testing.T) {
	_, folder := asked(t)
	got := transfera(t, "study", "invite", folder, "ann", "Cyd Ö.", "--url", "https://study.example.org")
	require.NoError(t, got.err, got.stderr)
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	require.Len(t, lines, 2)
	s, err := study.Open(folder)
	require.NoError(t, err)
	name, link, _ := strings.Cut(lines[1], "\t")
	assert.Equal(t, "Cyd Ö.", name)
	parsed, err := url.Parse(link)
	require.NoError(t, err)
	assert.Equal(t, "https://study.example.org/join", parsed.Scheme+"://"+parsed.Host+parsed.Path)
	assert.Equal(t, url.Values{"name": {"Cyd Ö."}, "token": {s.Key.Secret.Token("Cyd Ö.")}}, parsed.Query())
}

func TestMistakesInStudiesEndInASentence(t *testing.T) {
	out, folder := asked(t)
	empty := t.TempDir()
	for want, args := range map[string][]string{
		"transfera: required flag(s) \"out\", \"seed\" not set\n":                                                                        {"build", out},
		"transfera: " + empty + "/study: no material for a study; name the output folder of a run whose spec asks for one\n":             {"build", empty, "--out", empty + "/x", "--seed", "1"},
		"transfera: " + out + " has no material of experiment other; there is transfer\n":                                                {"build", out, "--out", empty + "/x", "--seed", "1", "--experiment", "other"},
		"transfera: question \"looks\"; there is labels, pictures\n":                                                                     {"build", out, "--out", empty + "/x", "--seed", "1", "--questions", "looks"},
		"transfera: " + empty + "/study.json is missing: name a folder that transfera study build wrote\n":                               {"serve", empty},
		"transfera: --listen 0.0.0.0:1: others could reach this address; add --public, which asks every participant for an invitation\n": {"serve", folder, "--listen", "0.0.0.0:1"},
		"transfera: participant \"<b>\": use 1 to 40 letters, digits, spaces and . _ @ -, beginning with a letter or digit\n":            {"invite", folder, "ann", "<b>"},
		"transfera: --url study: write it like https://study.example.org\n":                                                              {"invite", folder, "ann", "--url", "study"},
		"transfera: --url https://x.example/study: write it like https://study.example.org\n":                                            {"invite", folder, "ann", "--url", "https://x.example/study"},
	} {
		got := transfera(t, append([]string{"study"}, args...)...)
		require.Error(t, got.err)
		assert.Equal(t, want, got.stderr)
		assert.Empty(t, got.stdout)
		assert.Empty(t, filesBelow(t, empty))
	}
}
