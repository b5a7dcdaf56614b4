"""Write what torchvision users have: FOLDER/NAME-{zip,legacy}.pth and the network's answers.

    /usr/bin/python3 scripts/torchvision_files.py FOLDER NAME...

NAME is one of torchvision's classifiers. NAME-answers.pth holds two random images
(2,3,64,64) and the logits (2,1000) that the network gives in evaluation mode. A few
training steps' statistics make its normalizations differ from the initial ones.
"""

import pathlib
import sys
import warnings

import torch
import torchvision

warnings.filterwarnings("ignore")
folder = pathlib.Path(sys.argv[1])
for name in sys.argv[2:]:
    torch.manual_seed(7)
    model = torchvision.models.get_model(name)
    with torch.no_grad():
        model.train()(torch.rand(4, 3, 64, 64))
    model.eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        logits = model(images)
    torch.save(model.state_dict(), folder / f"{name}-zip.pth")
    torch.save(model.state_dict(), folder / f"{name}-legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"images": images, "logits": logits}, folder / f"{name}-answers.pth")
