package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"transfera/results/report"
	"transfera/results/study"
	"transfera/results/study/web"
	"transfera/runner/progress"
)

// studyAddress is where studies are served unless said otherwise.
const studyAddress = "127.0.0.1:8765"

func newStudy() *cobra.Command {
	c := &cobra.Command{
		Use:   "study",
		Short: "Ask people which method they prefer",
		Long: `study compares two methods, such as ra and plain, by the eyes of people: build makes blinded comparisons of what a run
published, serve shows them in a browser and stores votes, invite makes links for a public study, analyze tests the votes.`,
		Example: `  transfera study build results/out/black-box --out STUDY --seed 1
  transfera study serve STUDY
  transfera study analyze STUDY --into results/out/black-box`,
	}
	c.AddCommand(newStudyBuild(), newStudyServe(), newStudyInvite(), newStudyAnalyze())
	return c
}

func newStudyBuild() *cobra.Command {
	var o study.BuildOptions
	var out, experiment string
	c := &cobra.Command{
		Use:   "build OUT --out STUDY --seed N",
		Short: "Make blinded comparisons of a run's pictures",
		Long: `build reads the material that a run published in OUT/study and makes a folder of comparisons. There are two kinds of
question: labels asks which list of the evaluator's labels describes the original better, pictures which picture looks better.
Items whose two sides are equal are left out and counted.

The seed determines which comparisons are made. Which side is which method follows from a secret in STUDY/key.json: keep that
file from participants. A study with votes is not overwritten.`,
		Example: "  transfera study build results/out/black-box --out STUDY --seed 1 --questions labels --size 60",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			path, err := study.FindMaterial(args[0], experiment)
			if err != nil {
				return err
			}
			count := progress.NewCount(c.ErrOrStderr(), isTerminal(c.ErrOrStderr()))
			o.Progress = func(done, total int) { count.Progress("write comparisons", done, total) }
			s, err := study.BuildFile(path, out, o)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %d comparisons\n%s", out, len(s.Comparisons), leftOut(s.Key.LeftOut))
			return err
		},
	}
	flags := c.Flags()
	flags.StringVar(&out, "out", "", "folder of the study")
	flags.Uint64Var(&o.Seed, "seed", 0, "seed of the choice of comparisons")
	flags.StringVar(&experiment, "experiment", "", "experiment to ask about, if OUT has several")
	flags.StringSliceVar(&o.Questions, "questions", study.Questions, "kinds of question")
	flags.IntVar(&o.Size, "size", 0, "largest number of comparisons, spread over questions and tasks; 0 asks everything")
	for _, name := range []string{"out", "seed"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is declared above
		}
	}
	return c
}

func leftOut(list []study.LeftOut) string {
	var text strings.Builder
	for _, l := range list {
		items := "items"
		if l.N == 1 {
			items = "item"
		}
		fmt.Fprintf(&text, "%s: %d %s left out, %s\n", l.Question, l.N, items, l.Why)
	}
	return text.String()
}

func newStudyServe() *cobra.Command {
	var o web.ServeOptions
	c := &cobra.Command{
		Use:   "serve STUDY",
		Short: "Show a study in a browser and store votes",
		Long: `serve shows the comparisons at http://` + studyAddress + `/ to whoever sits at this machine. Every participant goes
through them in their own order and may stop and go on later. A vote is on the disk before it is confirmed, and cannot be
changed.

With --public other machines may be served too, such as with --listen 0.0.0.0:8765; every participant then needs a link of
transfera study invite. Links and votes travel as they are: put a server with TLS that passes the Host header on before it.`,
		Example: `  transfera study serve STUDY
  transfera study serve STUDY --public --listen 0.0.0.0:8765 --participants 30`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := study.Open(args[0])
			if err != nil {
				return err
			}
			o.Out = c.OutOrStdout()
			return web.Serve(c.Context(), s, o)
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.Listen, "listen", studyAddress, "HOST:PORT")
	flags.BoolVar(&o.Public, "public", false, "serve other machines too, and ask every participant for an invitation")
	flags.IntVar(&o.Participants, "participants", 0, "largest number of participants; 0 for no limit")
	return c
}

func newStudyInvite() *cobra.Command {
	var address string
	c := &cobra.Command{
		Use:     "invite STUDY NAME...",
		Short:   "Make links for the participants of a public study",
		Long:    `invite prints one link per participant. Whoever has a link votes as its participant, so send each to one person alone.`,
		Example: "  transfera study invite STUDY ann bob --url https://study.example.org",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := study.Open(args[0])
			if err != nil {
				return err
			}
			base, err := url.Parse(address)
			if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") || strings.Trim(base.Path, "/") != "" {
				return fmt.Errorf("--url %s: write it like https://study.example.org", address)
			}
			for _, name := range args[1:] {
				if err := study.CheckParticipant(name); err != nil {
					return err
				}
			}
			for _, name := range args[1:] {
				link := base.JoinPath("join")
				link.RawQuery = url.Values{"name": {name}, "token": {s.Key.Secret.Token(name)}}.Encode()
				if _, err := fmt.Fprintf(c.OutOrStdout(), "%s\t%s\n", name, link); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&address, "url", "http://"+studyAddress, "address that participants reach the study at")
	return c
}

func newStudyAnalyze() *cobra.Command {
	var into string
	c := &cobra.Command{
		Use:   "analyze STUDY",
		Short: "Say what a study's votes are for",
		Long: `analyze checks that no vote was edited, removed or inserted, joins the votes with the key and prints, for each question
and task, the shares of the votes with exact intervals, the sign test and how far participants agree. It may run while the study
is served.

With --into the table, a figure and the numbers are written into OUT/study/EXPERIMENT, and OUT/report.html anew with a section
about them. Participants are P1, P2, ... there.`,
		Example: "  transfera study analyze STUDY --into results/out/black-box",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := study.Open(args[0])
			if err != nil {
				return err
			}
			a, err := study.Analyze(s)
			if err != nil {
				return err
			}
			if into != "" {
				if _, err := report.Read(into); err != nil { // before anything is written
					return err
				}
				if err := a.Publish(into); err != nil {
					return err
				}
				if _, err := report.Write(into); err != nil {
					return err
				}
			}
			text, err := a.Table().Text()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n%s\n", text, strings.Join(a.Findings(), "\n"))
			return err
		},
	}
	c.Flags().StringVar(&into, "into", "", "output folder of the run to write the results into")
	return c
}
