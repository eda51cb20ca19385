"""What trained networks say of distorted digits, written down for smaller networks to learn from (distillation)."""
