package main
import ("testing";"fmt";"os";"transfera/aten";"transfera/data";"transfera/models";"transfera/models/detection";"transfera/models/weights")
func iou(a [4]float64,b [4]float32) float64 { w:=min(a[2],float64(b[2]))-max(a[0],float64(b[0])); h:=min(a[3],float64(b[3]))-max(a[1],float64(b[1])); if w<=0||h<=0 {return 0}; i:=w*h; return i/((a[2]-a[0])*(a[3]-a[1])+float64((b[2]-b[0])*(b[3]-b[1]))-i)}
func TestDiag(t *testing.T){
	aten.SetThreads(1)
	file,err:=weights.Load(os.Getenv("W")); if err!=nil {t.Fatal(err)}
	a,_:=detection.Find("shapes-faster-rcnn")
	d:=detection.New(a,1,10,models.Options{"width":16}); if err:=d.Load("x",file.Tensors);err!=nil{t.Fatal(err)}
	d.Freeze()
	ds,_:=data.Open(t.Context(),data.Description{Kind:"shapes-detection",Options:map[string]any{"seed":1,"size":96,"train":2000,"val":300},Name:"o"},"val")
	l,_:=data.NewLoader(ds.Dataset,nil,data.LoaderOptions{Batch:1})
	n,loc,cls,outl,str,fp:=0,0,0,0,0,0
	norm:=models.Normalization{Mean:[3]float32{.5,.5,.5},Std:[3]float32{.25,.25,.25}}.On(aten.CPU)
	scores:=0.0
	for b,err:=range l.Eval(t.Context()){ if err!=nil{t.Fatal(err)}
		s:=aten.NewScope(); var f detection.Detections
		aten.NoGrad(func(){ f=d.Detect(norm.Forward(aten.FromFloats(s,b.Target,1,3,96,96)))}); s.Close()
		for _,o:=range b.Objects[0]{ n++
			best:=-1
			for i:=range f.Boxes { if iou(o.Box,f.Boxes[i])>0.5 { best=i; break} }
			if best>=0 { loc++; scores+=float64(f.Scores[best]); c:=int(f.Labels[best]); if c==o.Class {cls++}; if c/2==o.Class/2 {outl++}; if c%2==o.Class%2 {str++} }
		}
		for i:=range f.Boxes { ok:=false; for _,o:=range b.Objects[0]{ if iou(o.Box,f.Boxes[i])>0.5 {ok=true}}; if !ok && f.Scores[i]>.3 {fp++} }
	}
	fmt.Println("objects",n,"located",loc,"class",cls,"outline",outl,"stripes",str,"false>.3",fp,"score",scores/float64(loc))
}
