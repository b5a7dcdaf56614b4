package stages

import (
	"context"
	"fmt"

	"transfera/aten"
	"transfera/data"
	"transfera/runner/methods"
)

// columns are what becomes of each image of a split, one by one, in the hands of several processors of one degradation.
type columns struct {
	env        *Environment
	images     *split
	processors []*processor
}

// column is one picture (1,3,H,W), and what recognizers see of it, which is T's where there is a T.
type column struct{ picture, seen aten.Tensor }

// show gives visit the columns of each image: the input at the target's size, what every processor makes of it, and the
// target. They live until visit returns.
func (c columns) show(ctx context.Context, visit func(b *data.Batch, list []column) error) error {
	var networks []methods.Networks
	for _, p := range c.processors {
		n, err := p.frozen()
		if err != nil {
			return err
		}
		networks = append(networks, n)
	}
	loader, err := c.images.loader(c.env, c.processors[0].degradation, data.LoaderOptions{Batch: 1, Baseline: true})
	if err != nil {
		return err
	}
	for batch, err := range loader.Eval(ctx) {
		if err != nil {
			return err
		}
		s := aten.NewScope()
		aten.NoGrad(func() {
			u := upload(s, &aten.Feed{Device: c.env.Device}, batch)
			list := []column{{u.Baseline, u.Baseline}}
			for _, n := range networks {
				whole := n.P.Forward(u.Input)
				made := column{picture: u.Cut(whole)}
				made.seen = made.picture
				if n.T != nil {
					made.seen = u.Cut(n.T.Forward(whole))
				}
				if err = finite(made.picture, made.seen); err != nil {
					err = fmt.Errorf("%s: %w", c.images.Name(batch.Indices[0]), err)
					return
				}
				list = append(list, made)
			}
			err = visit(batch, append(list, column{u.Target, u.Target}))
		})
		s.Close()
		if err != nil {
			return err
		}
		batch.Release()
	}
	return nil
}
