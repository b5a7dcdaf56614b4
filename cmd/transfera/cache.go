package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"transfera/runner"
	"transfera/runner/store"
)

func newCache() *cobra.Command {
	c := &cobra.Command{Use: "cache", Short: "List, copy or prune what was computed before"}
	c.AddCommand(newCacheList(), newCacheCopy(), newCachePrune())
	return c
}

func newCacheCopy() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:   "copy KEY DIR",
		Short: "Copy the files of a cached result, such as a trained network",
		Long: `copy copies the files of one result into DIR, which is made if it is not there. KEY is what cache list, the plan and the
report show of it, or any longer part of it from its beginning.`,
		Example: `  transfera cache list | grep "processor.*dn ra"
  transfera cache copy 1b2c3d4e trained/dn-ra`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := runner.OpenCache(folder)
			if err != nil {
				return err
			}
			copied, err := s.Copy(args[0], args[1])
			if err != nil {
				return err
			}
			for _, path := range copied {
				fmt.Fprintln(c.OutOrStdout(), path)
			}
			return nil
		},
	}
	c.Flags().StringVar(&folder, "cache", "", "folder of the cache (default results/cache)")
	return c
}

func newCacheList() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use: "list", Short: "List the cached results, oldest first", Args: cobra.NoArgs,
		Example: "  transfera cache list",
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := runner.OpenCache(folder)
			if err != nil {
				return err
			}
			records, err := s.List()
			if err != nil {
				return err
			}
			total := int64(0)
			for _, r := range records {
				size := s.Size(r.Key)
				total += size
				fmt.Fprintf(c.OutOrStdout(), "%s  %s  %8s  %7.1f s  %-11s  %s\n",
					r.Key[:8], r.Created.Format("2006-01-02 15:04"), bytesInWords(size), r.Seconds, r.Kind, r.Name)
			}
			unfinished, err := s.Unfinished()
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d results, %s; %d unfinished stages\n", len(records), bytesInWords(total), len(unfinished))
			return nil
		},
	}
	c.Flags().StringVar(&folder, "cache", "", "folder of the cache (default results/cache)")
	return c
}

func newCachePrune() *cobra.Command {
	var f suiteFlags
	var older time.Duration
	var dry bool
	c := &cobra.Command{
		Use:   "prune [SPEC|FOLDER ...]",
		Short: "Remove cached results that the given suites do not use",
		Long: `prune removes what no given suite uses; without suites, everything. --older keeps what is younger. Do not
prune while a run uses the cache.`,
		Example: `  transfera cache prune experiments/embedded
  transfera cache prune --older 720h`,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := runner.OpenCache(f.options.Cache)
			if err != nil {
				return err
			}
			used := map[string]bool{}
			for _, path := range args {
				prepared, err := f.prepare(c, path)
				if err != nil {
					return err
				}
				for _, stage := range prepared.Plan.Graph.Stages {
					used[stage.Key] = true
				}
			}
			return prune(c, s, used, older, dry)
		},
	}
	f.addSuite(c)
	f.addMachine(c)
	c.Flags().DurationVar(&older, "older", 0, "remove only what is at least so old, such as 720h")
	c.Flags().BoolVar(&dry, "dry-run", false, "say what would go, and remove nothing")
	return c
}

func prune(c *cobra.Command, s *store.Store, used map[string]bool, older time.Duration, dry bool) error {
	records, err := s.List()
	if err != nil {
		return err
	}
	var keys []string
	for _, r := range records {
		if !used[r.Key] && time.Since(r.Created) >= older {
			keys = append(keys, r.Key)
		}
	}
	unfinished, err := s.Unfinished()
	if err != nil {
		return err
	}
	for _, key := range unfinished {
		if !used[key] && older == 0 && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	freed := int64(0)
	for _, key := range keys {
		freed += s.Size(key)
		if !dry {
			if err := s.Remove(key); err != nil {
				return err
			}
		}
	}
	verb := "removed"
	if dry {
		verb = "would remove"
	}
	fmt.Fprintf(c.OutOrStdout(), "%s %d results, %s\n", verb, len(keys), bytesInWords(freed))
	return nil
}

func bytesInWords(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	case n < 10_000_000_000:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.0f GB", float64(n)/1e9)
}
