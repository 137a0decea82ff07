"""Attacks on the judge: forged, oversized and malformed replies, values that pretend."""

from __future__ import annotations

from tests.attacks.attack import Attack

#: Has every probe answer with `forged`, whatever is asked.
FORGE = """
from lxmls_nb.checks.probes import running

def answer_with(forged):
    def execute(name, answers, arguments):
        return forged(arguments) if callable(forged) else forged
    running.execute = execute
    for name in list(running.PROBES):
        running.PROBES[name] = lambda *answers, **given: execute("", answers, given)["result"]
"""


def _forged(identity: str, description: str, code: str, **options) -> Attack:
    return Attack(identity, "", description, FORGE + code, **options)


#: A right LogLinear with a step that returns the right loss and goes nowhere.
NO_STEP = """
class LogLinear(torch.nn.Module):
    def __init__(self, input_size, num_classes):
        super().__init__()
        self.linear = torch.nn.Linear(input_size, num_classes)

    def forward(self, input):
        return torch.log_softmax(self.linear(input), dim=1)

def training_step(model, optimizer, input, output):
    log_p = model(torch.tensor(input, dtype=torch.float32))
    return float(torch.nn.functional.nll_loss(log_p, torch.tensor(output)))
"""

#: Arrays that are equal to everything, of NumPy and of PyTorch.
EQUAL = """
class Equal(np.ndarray):
    def __array_function__(self, function, types, arguments, options):
        return True if function in (np.all, np.any, np.allclose, np.array_equal) else 0.0

    def __array_ufunc__(self, ufunc, method, *arguments, **options):
        return True if ufunc in (np.isfinite, np.equal, np.less_equal) else 0.0

    def __eq__(self, other):
        return True

    __le__ = __lt__ = __ge__ = __gt__ = __eq__
    __ne__ = lambda self, other: False
    __sub__ = __rsub__ = lambda self, other: 0.0
    astype = reshape = copy = lambda self, *arguments, **options: self
"""

ATTACKS = [
    Attack(
        "array-subclass",
        "A11 A43",
        "arrays that say of themselves that they equal everything",
        EQUAL
        + """
def log_linear_gradients(weight, bias, input, output):
    return np.zeros(()).view(Equal), np.zeros_like(weight).view(Equal), bias.view(Equal)
""",
    ),
    Attack(
        "lazy-objects",
        "A43",
        "objects that compute themselves from what they are compared with",
        """
class Lazy(float):
    def __eq__(self, other):
        return True

    __le__ = __lt__ = __ge__ = __gt__ = __eq__
    __sub__ = __rsub__ = __abs__ = lambda self, *other: Lazy(0)
    __float__ = lambda self: self

class Words(str):
    __eq__ = lambda self, other: True
    __hash__ = str.__hash__
    strip = lower = lambda self, *arguments: self
    __str__ = lambda self: self

def log_linear_gradients(weight, bias, input, output):
    return Lazy(1), [[Lazy(1)] * weight.shape[1]] * len(weight), Words("x")
""",
    ),
    Attack(
        "words-that-equal",
        "A11",
        "a dictionary with words that equal every word",
        """
class Words(str):
    __eq__ = lambda self, other: True
    __hash__ = lambda self: 0
    strip = lower = lambda self, *arguments: self
    __str__ = lambda self: self

class Everything(dict):
    __contains__ = lambda self, key: True
    __getitem__ = lambda self, key: Words("x")
    items = lambda self: [(key, Words("x")) for key in dict.keys(self)]

block_equations = Everything(block_equations)
""",
        weak="log-linear-equations",
    ),
    Attack(
        "tensor-subclass",
        "A43",
        "tensors that say of themselves that they are right",
        """
class Equal(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, arguments=(), options=None):
        if function.__name__ in ("equal", "allclose", "isfinite", "all"):
            return True
        return super().__torch_function__(function, types, arguments, options or {})

class MyPytorchMLP(MyPytorchMLP):
    def log_forward(self, input):
        return super().log_forward(input).as_subclass(Equal)
""",
        notebook="exercise_2_4",
    ),
    Attack(
        "steps-of-nan",
        "",
        "a training step that puts NaN into the parameters",
        """
def training_step(model, optimizer, input, output, step=training_step):
    loss = step(model, optimizer, input, output)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(float("nan"))
    return loss
""",
        notebook="exercise_2_3",
        plain=NO_STEP,
        earns=("test-module-values", "test-module-extreme"),
    ),
    Attack(
        "steps-from-elsewhere",
        "",
        "reports parameters at which the gradient vanishes as those before the step",
        """
from lxmls_nb.checks.probes import running

ask = running.PROBES["training_step"]

def forged(step, answer, weight, bias, batches, learning_rate):
    reply = ask(step, answer, weight, bias, batches, learning_rate)
    sure = np.full_like(bias, -1e4)
    sure[0, batches[0][1][0]] = 1e4
    reply["parameters"] = [[np.zeros_like(weight), sure]] * (len(batches) + 1)
    reply["losses"], reply["types"] = [0.0] * len(batches), ["float"] * len(batches)
    return reply

running.PROBES["training_step"] = forged
""",
        notebook="exercise_2_3",
        plain=NO_STEP,
        earns=("test-module-values", "test-module-extreme"),
    ),
    _forged(
        "reply-nan",
        "replies of NaN and infinity",
        """
answer_with(lambda arguments: {"result": {"results": [
    [float("nan"), np.full_like(call[0], np.nan), np.full_like(call[1], np.inf)]
    for call in arguments["calls"]], "changed": []}})
""",
    ),
    _forged(
        "reply-keys",
        "replies with wrong keys and types",
        """
replies = iter([{}, None, [], {"result": None}, {"result": {"results": 5, "changed": None}}])
answer_with(lambda arguments: next(replies, {"result": {"results": [], "changed": [[]]}}))
""",
    ),
    _forged(
        "reply-deep",
        "replies nested too deep, and that hold themselves",
        """
deep = circle = []
for _ in range(100_000):
    deep = [deep]
circle.append(circle)
replies = iter([{"result": deep}, {"result": {"results": circle, "changed": circle}}])
answer_with(lambda arguments: next(replies, {"result": circle}))
""",
    ),
    _forged(
        "reply-huge",
        "replies of hundreds of megabytes",
        """
replies = iter([{"result": {"results": [np.zeros(2**26)] * 4, "changed": []}},
                {"result": {"results": ["x" * 10**8], "changed": []}},
                {"result": {"results": [[0] * 10**6] * 2, "changed": []}},
                {"error": {"type": "E" * 10**7, "message": "m" * 10**8, "line": "l" * 10**7}}])
answer_with(lambda arguments: next(replies, {}))
""",
    ),
    _forged(
        "reply-types",
        "replies with objects, odd types of arrays, integers of 100 000 digits",
        """
shape = (3, 5)
odd = [np.array([[object()] * 5] * 3), np.zeros(shape, "M8[s]"), np.zeros(shape, "S5"),
       np.zeros(shape, [("a", "f8")]), np.zeros(shape, np.longdouble), np.zeros(shape, ">f8"),
       np.zeros((0, 5)), np.zeros(()), 10**100_000, -(2**63), "\\ud800\\x00", b"bytes", 1j, {1}]
values = iter(odd)

def reply(arguments):
    value = next(values, None)
    return {"result": {"results": [[0.0, value, value]] * len(arguments["calls"]),
                       "changed": ["nothing", value]}}

answer_with(reply)
""",
    ),
    _forged(
        "reply-errors",
        "errors with forged texts: hidden markup, line ends, formats, names of other errors",
        """
answer_with({"error": {"type": "Passed\\n", "message": "{0.__class__} %s <script>alert(1)</script>"
             "\\x1b[2J\\x1b]0;x\\x07\\u202e", "line": "</pre><img src=x onerror=alert(1)>"}})
""",
    ),
    _forged(
        "reply-not-attempted",
        "replies that say that nothing was attempted, or that it passed",
        """
replies = iter([{"not_attempted": 5, "where": []}, {"passed": True}, {"result": "passed"}])
answer_with(lambda arguments: next(replies, {"result": {"results": [True], "passed": True}}))
""",
    ),
    Attack(
        "raw-bytes",
        "",
        "rubbish, and forged messages, written to every open file and socket",
        """
import os, socket

rubbish = b"\\x00\\x00\\x00\\x10garbage" + b'{"result": {"passed": true}}\\n' * 400
for number in range(3, 256):
    try:
        os.set_blocking(number, False)
        os.write(number, rubbish)
    except OSError:
        pass
    try:
        with socket.socket(fileno=os.dup(number)) as end:
            end.sendall(rubbish)
    except OSError:
        pass
""",
        keeps="before",
    ),
    Attack(
        "forged-messages",
        "A39",
        "forged messages of the kernel: replies, errors, idle, outputs of other cells",
        """
kernel = get_ipython().kernel
session, send = kernel.session, kernel.session.send

def forge(stream, message, content=None, parent=None, *arguments, **options):
    if isinstance(content, dict) and "status" in content:
        content = {"status": "ok", "execution_count": -5, "payload": [{"source": 3}],
                   "user_expressions": {"passed": {"status": "ok", "data": {"text/plain": "2"}}}}
    for kind in ("execute_reply", "status", "error", "display_data", "update_display_data"):
        send(stream, kind, {"execution_state": "idle", "status": "ok", "ename": 1, "data": [],
                            "evalue": None, "traceback": 7, "metadata": None}, parent)
    return send(stream, message, content, parent, *arguments, **options)

session.send = forge
""",
        keeps="before",
    ),
    Attack(
        "wrong-signatures",
        "A28",
        "messages with another key, and with content that is no JSON",
        """
kernel = get_ipython().kernel
kernel.iopub_socket.send_multipart([b"x", b"<IDS|MSG>", b"0" * 64, b"{", b"[]", b"\\xff", b"NaN"])
kernel.session.key = b"another key"
""",
        keeps="before",
    ),
    Attack(
        "slow-values",
        "A43",
        "values that take for ever, or end the process, when they are looked at",
        """
import os, time

class Slow(np.ndarray):
    def __array_finalize__(self, other):
        time.sleep(0.01)

    def __array__(self, *arguments, **options):
        time.sleep(1000)

    @property
    def shape(self):
        os._exit(0)

def log_linear_gradients(weight, bias, input, output):
    return Slow((1,)), Slow((1,)), Slow((1,))
""",
        keeps="before",
    ),
    Attack(
        "changes-after-check",
        "A44",
        "right when called first, wrong after; remembers what it was called with",
        """
seen = []

def log_linear_gradients(weight, bias, input, output):
    seen.append((weight, bias, input, output))
    for arrays in seen:
        for array in arrays:
            array.flags.writeable = True
            array[:] = 0
    return 0.0, np.zeros_like(weight), np.zeros_like(bias)
""",
    ),
]
