"""Parameters and gradients to and from PyTorch: the layers of torch.nn, and whole models built of them

Layers (kind: minicrt → torch; matrices are transposed, gate blocks keep their order):

    linear       weight (I, O) → weight (O, I);  bias (O,), or none
    layer_norm   gain, bias (D,) → weight, bias.  eps is 1e-5 on both sides
    embedding    table (V, D) → weight (V, D)
    gru          w (I, 3D) → weight_ih_l0 (3D, I);  u (D, 3D) → weight_hh_l0 (3D, D);  blocks r, z, n
                 b (3D,), b_hn (D,) → bias_ih_l0 = b,  bias_hh_l0 = [0, 0, b_hn]
                 back: b = bias_ih + [bias_hh_r, bias_hh_z, 0],  b_hn = bias_hh_n
    lstm         w, u as in gru;  blocks i, f, g, o;  b (4D,) → bias_ih_l0 = b, bias_hh_l0 = 0;  back: their sum
    attention    nn.MultiheadAttention: w_qkv (D, 3D), b_qkv → in_proj_weight (3D, D), in_proj_bias
                 w_out (D, D), b_out → out_proj.weight, out_proj.bias.  Its boolean mask is True where one may NOT look
    block        nn.TransformerEncoderLayer, norm_first=True for norm "pre", False for "post"
                 norm_attention, norm_feed_forward → norm1, norm2;  attention.* → self_attn.*
                 feed_forward.{w_in, b_in} → linear1;  feed_forward.{w_out, b_out} → linear2

Models (kinds "crt", "transformer", "rmt", "recurrent", "linear_recurrent", "s4d", "mamba"; a path, and the layer that
lies there):

    embedding → embedding.weight             positions.{w, u, b, b_hn} → positions, a GRU
    positions.table → positions.weight       positions.w_out → positions_out.weight, a linear layer without bias
    memory.start → memory_start              memory.{i}.{w, u, b, b_hn} → memory.{i}, a GRU a memory vector
    memory.read → memory_read, a Linear without bias
    memory.norm → memory_norm                memory.{i}.* of an NC-GRU, a minGRU, an LRU: name and layout kept
    blocks.{l} → blocks.{l}, a block         norm_final → norm_final, a layer norm
    layer.{l} → layers.{l}, a GRU or LSTM    output.weight (V, D), output.bias → output.weight (V, D), output.bias
    linear_recurrent: layer.{l}.{norm_recurrence, norm_feed_forward} → layers.{l}.*;  the cell's → layers.{l}.recurrence
        (kept);  w_out, b_out → layers.{l}.out;  c → layers.{l}.c.weight;  d → layers.{l}.d
        feed_forward.{w_in, b_in}, {w_out, b_out} → layers.{l}.{feed_forward_in, feed_forward_out}
    s4d: the same, with the state space's parameters in layers.{l}.recurrence (kept)
    mamba: layer.{l}.norm_recurrence → layers.{l}.norm, an RMS norm;  all else of a layer → layers.{l}.mixer (kept)

"transformer_xl" takes the names of the authors' code (kimiyoung/transformer-xl, pytorch/mem_transformer.py):

    embedding → word_emb.emb_layers.0.weight       output.{weight, bias} → crit.out_layers.0.{weight, bias}
    attention_bias.0.{u, v} (D,) → r_w_bias, r_r_bias (H, K)
    blocks.{l}.attention.{w_q, w_kv} → layers.{l}.dec_attn.qkv_net.weight (3D, D), rows q, k, v
    blocks.{l}.attention.{w_r, w_out} → layers.{l}.dec_attn.{r_net, o_net}.weight
    blocks.{l}.feed_forward.{w_in, b_in, w_out, b_out} → layers.{l}.pos_ff.CoreNet.{0, 3}.{weight, bias}
    blocks.{l}.{norm_attention, norm_feed_forward} → layers.{l}.{dec_attn, pos_ff}.layer_norm
    The buffer pos_emb.inv_freq of their state_dict is passed over.

A tied model has no output.weight here. An nn.Linear whose weight is the embedding's lists that tensor under both names:
set state["output.weight"] = state["embedding.weight"] before loading; on the way back an output.weight that equals
the embedding is dropped.

Gradients. Where the map renames, transposes and reorders, gradients take the same map. Where two of torch's biases are
added into one, each has the gradient of the sum, so gradients=True takes another: to torch bias_ih = G_b and bias_hh =
[G_b_r, G_b_z, G_b_hn] (LSTM: G_b); back G_b is bias_ih's alone and G_b_hn the last block of bias_hh's. An optimizer in
torch would therefore move b twice: hold the redundant bias at its zeros, as training here does not have it.
"""

from typing import Any

from minicrt.conformance.conversions import torch_layers
from minicrt.conformance.conversions.kinds import convert
from minicrt.conformance.conversions.names import Named


def to_torch(kind: str, parameters: Any, heads: int | None = None, gradients: bool = False) -> Named:
    """A state_dict of NumPy arrays from minicrt's parameters (a dict of arrays, or a `Parameters`).

    kind       a layer or a model of the table above
    heads      H, for "transformer_xl" alone
    gradients  the values are gradients, not parameters

    The arrays are new and contiguous: `module.load_state_dict({n: torch.from_numpy(a) for n, a in state.items()})`.
    Raises InputError for an unknown kind, for missing or unknown names, for shapes that do not fit, and for a GRU whose
    reset gate acts before the product (it has no b_hn), which torch does not have.
    """
    return convert("to_torch", kind, parameters, torch_layers.layers(heads), "torch", back=False, gradients=gradients)


def from_torch(kind: str, state_dict: Any, gradients: bool = False) -> Named:
    """minicrt's parameters from a module's state_dict (of tensors, or of arrays); a missing bias is zeros.

    With `gradients` the values are gradients, {n: p.grad for n, p in module.named_parameters()}.
    Raises InputError for an unknown kind, for missing or unknown names, for shapes that do not fit, and for what has no
    counterpart: several layers, both directions, proj_size, kdim and vdim, add_bias_kv.
    """
    return convert("from_torch", kind, state_dict, torch_layers.layers(), "torch", back=True, gradients=gradients)
