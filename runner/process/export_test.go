package process

import "transfera/models"

// Tiles lists core and seen rectangle of every tile.
func Tiles(g Grid, field models.Field) (tiles [][2]Rect) {
	for _, t := range g.tiles(field) {
		tiles = append(tiles, [2]Rect{t.core, t.seen})
	}
	return tiles
}

// Held exports held.
var Held = held
